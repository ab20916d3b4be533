/// The up to four industries (行業代號, 名稱) of one business.
struct IndustryCodes: Sendable {
  /// Positions in the vocabulary. The first `count` are in use.
  private(set) var slots = SIMD4<UInt16>(repeating: 0)
  private(set) var count = 0
  /// Number of slots whose code is also in an earlier slot.
  private(set) var repeated = 0

  /// Number of rows for a table of industries: one for each code.
  var rows: Int { count - repeated }

  /// Derives 1 to 4 industries from the seed and the index alone. Seven businesses in a thousand have one twice.
  init(seed: UInt64, index: Int) {
    var random = RandomSource(seed: seed, .industries, index: index)
    let wanted =
      switch random.below(100) {
      case 0..<45: 1
      case 45..<68: 2
      case 68..<82: 3
      default: 4
      }
    while count < wanted {
      let entry = UInt16(random.below(IndustryCodes.codes.count))
      if !holds(entry) {
        slots[count] = entry
        count += 1
      }
    }
    // 55 % have two or more; 1.27 % of these are 0.7 % of all.
    if count > 1 && random.chance(127) {
      slots[count - 1] = slots[random.below(count - 1)]
      repeated = 1
    }
  }

  private func holds(_ entry: UInt16) -> Bool {
    (0..<count).contains { slots[$0] == entry }
  }

  /// Appends the last eight columns, separated by commas.
  func append(to bytes: inout [UInt8]) {
    for slot in 0..<4 {
      if slot > 0 { bytes.append(UInt8(ascii: ",")) }
      if slot < count {
        bytes.append(contentsOf: IndustryCodes.codes[Int(slots[slot])])
        bytes.append(UInt8(ascii: ","))
        bytes.append(contentsOf: IndustryCodes.names[Int(slots[slot])])
      } else {
        bytes.append(UInt8(ascii: ","))
      }
    }
  }

  private static let words = vocabulary.split { $0 == " " || $0 == "\n" }.map(String.init)
  private static let codes = Wordlist(words.enumerated().filter { $0.offset % 2 == 0 }.map(\.element))
  private static let names = Wordlist(words.enumerated().filter { $0.offset % 2 == 1 }.map(\.element))

  /// Alternating codes and names, modelled on the tax registration's list of industries. Codes of farming and fishing
  /// begin with a zero.
  private static let vocabulary = """
    011111 稻作栽培 011311 蔬菜栽培 011411 果樹栽培 011511 食用菌菇類栽培 012111 豬飼育 012211 雞飼育 013011 作物栽培服務
    021011 造林 031111 海洋漁業 032111 內陸養殖 060011 土石採取 081112 冷凍冷藏肉類製造 085911 豆腐（乾）、豆花製造
    089911 調味品製造 091011 酒精飲料製造 092011 非酒精飲料製造 111111 棉紡紗 123011 成衣製造 139011 皮箱、皮包製造
    141011 製材 151111 紙漿製造 161111 印刷 190911 清潔用品製造 210111 輪胎製造 220312 塑膠膜袋製造 233100 水泥製造
    241111 鋼鐵冶鍊 251111 金屬刀具及手工具製造 254411 金屬彈簧、線製品製造 259911 其他金屬製品製造 261111 矽晶圓製造
    261199 其他積體電路製造 264111 液晶面板及其組件製造 271111 電腦製造 277911 其他光學儀器及設備製造 282011 一次電池製造
    289011 其他電力設備製造 291911 其他金屬加工用機械設備製造 303099 其他汽車零件製造 332911 體育用品製造
    340011 產業用機械設備維修及安裝 352011 氣體燃料供應 360011 用水供應 381111 一般廢棄物清除 410011 建築工程 421011 道路工程
    433112 機電、電信及電路設備安裝 433411 空調水管工程 434011 建物完工裝修工程 439011 其他專門營造工程 451111 商品經紀
    453111 穀類及豆類批發 454211 蔬果批發 454911 其他食品、飲料批發 455111 布疋批發 456111 家用電器批發 457111 藥品及醫療用品批發
    458111 書籍、文具批發 461111 木製建材批發 461311 磚瓦、砂石、水泥及其製品批發 463211 塑膠原料批發 464111 電腦及其週邊設備批發
    464299 其他電子設備及其零組件批發 465211 汽車零件、用品批發 469011 回收物料批發 471111 便利商店 471211 百貨公司 471913 雜貨店
    472111 蔬果零售 472213 肉類零售 472913 菸酒零售 472915 茶葉零售 472927 豆類製品零售 472999 其他食品、飲料零售
    473111 布疋零售 473211 成衣零售 474111 家用電器零售 474211 家具零售 475111 中藥零售 475211 化粧品零售 476111 書籍、雜誌零售
    476311 玩具、遊戲用品零售 481111 建材零售 482111 加油站 483111 電腦及其週邊設備零售 484111 汽車零售 484211 機車零售
    485211 花卉零售 486111 攤販（食品、飲料） 487111 電視購物、網路購物 493111 計程車客運 494011 汽車貨運 521011 報關服務
    530111 倉儲 541011 郵政 551011 旅館 559011 民宿 561113 餐館 561115 小吃店 561116 麵店、小吃店 561911 冰果店、冷（熱）飲店
    562011 飲酒店、餐廳 581311 雜誌（期刊）出版 591111 影片製作 620111 電腦程式設計 631211 入口網站經營 649911 投資公司
    661111 證券商 664011 保險代理 670011 不動產投資開發 681112 不動產租賃 681212 不動產仲介 691011 律師事務 702011 企業管理顧問
    711111 建築設計 731111 廣告代理 740111 室內設計 750011 獸醫服務 761099 其他產品設計 771111 汽車租賃 782011 人力派遣
    790111 旅行社 811011 建築物清潔服務 821911 影印及代書服務 855099 其他教育服務 859011 教育輔助 869011 醫學檢驗
    902011 表演藝術 931911 運動場館 932111 遊樂園 951111 汽車維修 952111 電腦及其週邊設備維修 961111 洗衣 962111 理髮、美容
    963011 殯葬服務 969011 相片沖洗 969099 未分類其他服務 464199 其他電腦及其週邊設備、軟體批發 472914 包裝食品、飲料及菸草製品零售
    484399 其他汽車、機車零件及用品零售 433199 其他機電、電信及電路設備安裝工程 251299 其他金屬手工具、模具及結構製造
    487112 經營郵購、電視購物及網路購物（代銷） 620199 其他電腦軟體設計及資料處理服務 681199 其他不動產租賃、經營及開發
    702099 其他企業管理、投資及財務顧問服務 465399 其他機械器具及其零件、配備批發 457299 其他藥品、化粧品及清潔用品批發
    455299 其他布疋、服飾品及其配件批發 821999 其他影印、文書及辦公室輔助服務 856011 語言、電腦及升學文理補習教育
    409999 其他未分類營建、修繕及拆除工程 562099 其他飲酒店、咖啡館及茶館（無娛樂節目） 471999 其他綜合商品零售（含會員制賣場）
    """
}

/// Invents names (營業人名稱) from typical parts of such names.
struct NameMaker: Sendable {
  let seed: UInt64
  let organisations: OrganisationMaker

  init(seed: UInt64) {
    self.seed = seed
    organisations = OrganisationMaker(seed: seed)
  }

  /// Appends the name, without quotes. Consecutive revisions always differ: each replaces one part by the next word of
  /// the part's list, and keeps the rest.
  func append(_ index: Int, revision: Int, to bytes: inout [UInt8]) {
    var random = RandomSource(seed: seed, .name, index: index)
    let organisation = organisations.organisation(of: index)
    switch organisation {
    case .branch, .plant:
      // The head office's first name. With its current name, renaming the head office would change its branches too,
      // and a day would change more businesses than it lists.
      append(organisations.headOffice(of: index), revision: 0, to: &bytes)
      appendNext(NameMaker.towns, revision, &random, to: &bytes)
      bytes.append(contentsOf: (organisation == .branch ? NameMaker.branches : NameMaker.plants).word(&random))
    case .soleProprietorship where random.chance(250):
      appendNext(NameMaker.surnames, revision, &random, to: &bytes)
      bytes.append(contentsOf: NameMaker.givenNames.word(&random))
      bytes.append(contentsOf: NameMaker.givenNames.word(&random))
    case .soleProprietorship, .partnership:
      appendStem(revision, &random, to: &bytes)
      bytes.append(contentsOf: NameMaker.shops.word(&random))
    case .limited, .byShares, .limitedPartnership:
      if random.chance(300) { bytes.append(random.chance(5_000) ? "台灣" : "臺灣") }
      appendStem(revision, &random, to: &bytes)
      bytes.append(contentsOf: NameMaker.trades.word(&random))
      bytes.append(organisation.text)
    case .other:
      appendStem(revision, &random, to: &bytes)
      bytes.append(contentsOf: NameMaker.bodies.word(&random))
    case .foreignBranch:
      bytes.append(contentsOf: NameMaker.origins.word(&random))
      appendStem(revision, &random, to: &bytes)
      bytes.append(contentsOf: NameMaker.trades.word(&random))
      bytes.append(random.chance(5_000) ? "有限公司台灣分公司" : "股份有限公司臺灣分公司")
    }
  }

  private func appendStem(_ revision: Int, _ random: inout RandomSource, to bytes: inout [UInt8]) {
    appendNext(NameMaker.firsts, revision, &random, to: &bytes)
    switch random.below(1_000) {
    case 0..<3: bytes.append(contentsOf: NameMaker.rare.word(&random))
    case 3..<7: bytes.append(contentsOf: NameMaker.marks.word(&random))
    case 7..<12: bytes.append(contentsOf: NameMaker.letters.word(&random))
    default: break
    }
    bytes.append(contentsOf: NameMaker.seconds.word(&random))
    if random.chance(4_200) { bytes.append(contentsOf: NameMaker.seconds.word(&random)) }
  }

  private func appendNext(_ words: Wordlist, _ revision: Int, _ random: inout RandomSource, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: words[(random.below(words.count) + revision) % words.count])
  }

  private static let firsts = Wordlist(
    characters: "大中正永安福興隆盛昌德信義仁和泰豐富裕金銀鑫晶華光明輝宏偉群英傑龍鳳虎獅麒天地日月星辰東西南北春夏秋冬山海江河林森松竹梅蘭台臺")
  private static let seconds = Wordlist(
    characters: "成達利發榮源順祥瑞吉慶康健樂佳美麗雅品味香鮮匠藝居坊園築原野田谷泉川洋洲嶺峰岳石玉珍寶貴嘉禾穎智慧聯合統一上千萬億先鋒")
  private static let rare = Wordlist(words: "𥂁 𥕢 𡘙 𠮷 󻕯")
  private static let marks = Wordlist(words: "－ ― ﹒ ． ，")
  private static let letters = Wordlist(words: "Ａ Ｋ Ｎ Ｑ ＡＢＣ ＶＩＰ １０１ ７")
  private static let towns = Wordlist(
    words: """
      板橋 中壢 新竹 竹北 臺中 豐原 彰化 員林 斗六 嘉義 臺南 永康 高雄 鳳山 屏東 宜蘭 羅東 花蓮 臺東 馬公 信義 大安 內湖 南港 淡水
      基隆 桃園 苗栗 南投 左營 三重 新莊 土城 林口 龜山 大里 太平 沙鹿 岡山 楠梓
      """)
  private static let branches = Wordlist(words: "分公司 分公司 分公司 門市部 第一分公司 營業處")
  private static let plants = Wordlist(words: "製造廠 營業所 倉儲中心 服務處 工廠")
  private static let surnames = Wordlist(characters: "陳林黃張李王吳劉蔡楊許鄭謝郭洪曾邱廖賴周徐蘇葉莊呂江何蕭羅高")
  private static let givenNames = Wordlist(characters: "志明淑芬家豪雅婷俊宏美玲建國怡君文雄麗華冠宇佩珊宗翰惠雯承恩欣怡")
  private static let shops = Wordlist(
    words: """
      商行 企業社 商店 小吃店 工作室 工程行 企業行 美髮店 早餐店 飲料店 水果行 服飾店 汽車行 機車行 五金行 藥局 花坊 咖啡館 豆漿店
      麵館 理髮廳 雜貨店 洗衣店 禮品店 書局 電器行 水電行 家具行 便當店 茶行 實業社 設計工作室 檳榔攤 彩券行 民宿 自助洗衣店
      """)
  private static let trades = Wordlist(
    words: """
      科技 國際 實業 建設 開發 貿易 餐飲 生技 資訊 工程 營造 機械 電子 文創 投資 顧問 物流 食品 紡織 設計 國際開發 生物科技 光電
      不動產 租賃 環保 能源 整合行銷 企業管理顧問 室內裝修
      """)
  private static let bodies = Wordlist(words: "農場 合作社 管理委員會 生產合作社 福利社 停車場 事務所 聯合診所")
  private static let origins = Wordlist(words: "香港商 日商 美商 新加坡商 英屬維京群島商 薩摩亞商 荷蘭商 韓商")
}

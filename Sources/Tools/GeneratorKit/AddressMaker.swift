/// Makes addresses (營業地址) in the form of the registry: 新竹縣橫山鄉大肚村中豐路２段１０９號.
struct AddressMaker: Sendable {
  let seed: UInt64
  private let places = Places.shared

  init(seed: UInt64) {
    self.seed = seed
  }

  var areas: [Area] { places.areas }

  /// Returns the area of a business. Each revision is one move.
  func area(of index: Int, revision: Int) -> Int {
    var random = RandomSource(seed: seed, .area, index: index, revision: revision)
    return places.area(&random)
  }

  /// Appends the address, without quotes. Consecutive revisions always differ: one has an even house number and one an
  /// odd one.
  func append(_ index: Int, revision: Int, to bytes: inout [UInt8]) {
    let areaIndex = area(of: index, revision: revision)
    let area = areas[areaIndex]
    let start = bytes.count
    var random = RandomSource(seed: seed, .address, index: index, revision: revision)
    bytes.append(contentsOf: area.text)
    appendVillage(area, areaIndex, &random, to: &bytes)
    let hasStreet = !area.isRural || random.chance(7_500)
    if !hasStreet || random.chance(1_500) {
      bytes.append(fullWidth: 1 + random.below(28))
      bytes.append("鄰")
    }
    if hasStreet { appendStreet(areaIndex, &random, to: &bytes) }
    bytes.append(fullWidth: houseNumber(&random, isOdd: (index + revision) % 2 == 1))
    switch random.below(100) {
    case 0..<5:
      // No floor: 號之３ and ２樓 would run together.
      bytes.append("號之")
      bytes.append(fullWidth: 1 + random.below(12))
      return
    case 5..<9:
      bytes.append("－")
      bytes.append(fullWidth: 1 + random.below(20))
      bytes.append("號")
    default:
      bytes.append("號")
    }
    appendFloor(&random, to: &bytes)
    if random.chance(30) { appendRooms(&random, to: &bytes, from: start) }
  }

  private func houseNumber(_ random: inout RandomSource, isOdd: Bool) -> Int {
    2 * (1 + random.below(random.chance(3_000) ? 400 : 60)) - (isOdd ? 1 : 0)
  }

  private func appendVillage(_ area: Area, _ areaIndex: Int, _ random: inout RandomSource, to bytes: inout [UInt8]) {
    let village = random.below(12)
    if area.hasPrivateUseVillage && village < 3 {
      bytes.append("\u{FB56F}仔")
    } else if random.chance(6) {
      bytes.append(contentsOf: AddressMaker.rareVillages.word(&random))
    } else {
      bytes.append(contentsOf: AddressMaker.villages[(areaIndex * 7 + village * 5) % AddressMaker.villages.count])
    }
    bytes.append(area.isRural ? "村" : "里")
  }

  private func appendStreet(_ areaIndex: Int, _ random: inout RandomSource, to bytes: inout [UInt8]) {
    let street = areaIndex * 11 + random.below(24) * 3
    bytes.append(contentsOf: AddressMaker.streets[street % AddressMaker.streets.count])
    if random.chance(3_200) {
      bytes.append(fullWidth: 1 + random.below(6))
      bytes.append("段")
    }
    if random.chance(3_400) {
      bytes.append(fullWidth: 1 + random.below(400))
      bytes.append("巷")
      if random.chance(2_500) {
        bytes.append(fullWidth: 1 + random.below(60))
        bytes.append("弄")
      }
    }
  }

  private func appendFloor(_ random: inout RandomSource, to bytes: inout [UInt8]) {
    switch random.below(1_000) {
    case 0..<360:
      bytes.append(fullWidth: 1 + random.below(random.chance(8_000) ? 6 : 30))
      bytes.append("樓")
      if random.chance(3_000) {
        bytes.append("之")
        bytes.append(fullWidth: 1 + random.below(20))
      }
    case 360..<500:
      bytes.append(contentsOf: AddressMaker.numerals.word(&random))
      bytes.append("樓")
    case 500..<510:
      let floor = 1 + random.below(30)
      bytes.append(fullWidth: floor)
      bytes.append("至")
      bytes.append(fullWidth: floor + 1 + random.below(3))
      bytes.append("樓")
    case 510..<530:
      bytes.append("（１樓）")
    default:
      break
    }
  }

  /// Appends a long list of rooms, and truncates the address after 57 characters, as the registry does.
  private func appendRooms(_ random: inout RandomSource, to bytes: inout [UInt8], from start: Int) {
    for _ in 0..<(1 + random.below(12)) {
      bytes.append("、")
      bytes.append(fullWidth: 1 + random.below(30))
      bytes.append("樓之")
      bytes.append(fullWidth: 1 + random.below(20))
    }
    var scalars = 0
    for position in start..<bytes.count where bytes[position] & 0xC0 != 0x80 {
      scalars += 1
      if scalars > 57 {
        bytes.removeSubrange(position...)
        return
      }
    }
  }

  private static let villages = Wordlist(
    words: """
      中正 中山 中華 仁愛 信義 和平 忠孝 永安 永和 福德 福興 興安 新興 光明 光華 大同 民生 民權 民族 三民 東興 西興 南興 北興
      建國 復興 成功 自強 文化 文昌 德安 樂群 竹林 松柏 梅園 蘭溪 龍山 鳳鳴 獅頭 溪洲 埔頂 山腳 水源 海濱 港口 田心 中厝 員山
      公館 頂埔 下埔 上坪 石岡 大肚 中寮 後湖 前庄 新庄 舊社 烏林 橋東 橋西 廟前 崙頂 坑口 圳寮 湳仔
      """)
  private static let rareVillages = Wordlist(words: "𥕢磘 𡘙埔 𥂁湖 㘵頂")
  private static let streets = Wordlist(
    words: """
      中山路 中正路 中華路 民生路 民權路 民族路 和平路 復興路 成功路 自由路 建國路 光復路 信義路 忠孝路 仁愛路 博愛路 文化路 文昌街
      大同街 永安街 福德街 新生路 興業路 工業路 科技路 環河路 公園路 車站街 市場街 學府路 大學路 長安街 長春路 四維路 五福街 六合路
      七賢路 八德路 九如街 十全街 台灣大道 臺灣大道 農安街 永福路 永康街 東門街 西門街 南門路 北門路 安和路 國光路 樹林街 青年路
      青草路 海安路 河東路 水源路 竹圍街 田寮路 鄉林路 永平路 敦化南路 力行路 中豐路 新中北路 三多路 林森北路 重慶南路
      """)
  private static let numerals = Wordlist(characters: "一二三四五六七八九十")
}

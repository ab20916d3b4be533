import SeededRandom

private let publishedColumns = [
  "營業地址", "統一編號", "總機構統一編號", "營業人名稱", "資本額", "設立日期", "組織別名稱", "使用統一發票",
  "行業代號", "名稱", "行業代號1", "名稱1", "行業代號2", "名稱2", "行業代號3", "名稱3",
]

/// Returns the published header in most cases, else some columns in another order and an unknown one.
func randomHeader(_ random: inout SeededRandom) -> [String] {
  if random.below(4) > 0 { return publishedColumns }
  var columns = ["統一編號", "營業人名稱"]
  for column in publishedColumns where !columns.contains(column) && random.onceIn(2) {
    columns.insert(column, at: random.below(columns.count + 1))
  }
  if random.onceIn(2) { columns.insert("停業日期", at: random.below(columns.count + 1)) }
  return columns
}

func randomStamp(_ fieldCount: Int, _ random: inout SeededRandom) -> [String] {
  let date = random.pick(["01-SEP-26", "29-FEB-24", "31-DEC-25", "31-DEC-25", "29-FEB-25", "01-Sep-26", " 01-SEP-26"])
  return [date] + Array(repeating: random.onceIn(8) ? "NA" : "", count: fieldCount - 1)
}

/// Returns a value as in the file, including quotes.
func randomValue(_ column: String, _ random: inout SeededRandom) -> String {
  if random.onceIn(40) {
    return random.pick(["", "NA", "\"NA\"", "NULL", " null ", "N/A", "\"\"", "\u{3000}", "\"\n\""])
  }
  switch column {
  case "統一編號": return randomBAN(&random)
  case "總機構統一編號": return random.pick(["", "", "", randomBAN(&random), "1234567"])
  case "營業人名稱": return randomName(&random)
  case "營業地址": return random.pick(["路", "\"臺北市　路１號\"", "\"a,b\"", "\"x\ny\"", "\"x\r\ny\""])
  case "資本額": return random.pick(["0", "1000", "\"1,000\"", "200000.00", "\"1,00\"", "-5", "9223372036854775808"])
  case "設立日期": return random.pick(["0400711", "1130229", "1120229", "1131301", "20240101", "０４００７１１", ""])
  case "組織別名稱": return random.pick(["獨資", "有限公司", "\"其他\"", ""])
  case "使用統一發票": return random.pick(["Y", "N", "y", "n", "Y", "N", "是"])
  case let column where column.hasPrefix("行業代號"):
    return random.pick(["", "", "472927", "472913", "012345", "47291", "\"472927\""])
  case let column where column.hasPrefix("名稱"):
    return random.pick(["", "", "豆類零售", "\"雜貨、（店）\"", "酒\"零售\""])
  default: return random.pick(["", "x", "1130101"])
  }
}

/// Returns one of few BANs, so that duplicates are common.
private func randomBAN(_ random: inout SeededRandom) -> String {
  if random.onceIn(16) { return random.pick(["1234567", "123456789", "１２３４５６７５", "", "\"12345675\"", " 00000005"]) }
  return String(10_000_000 + random.below(24))
}

private func randomName(_ random: inout SeededRandom) -> String {
  switch random.below(24) {
  case 0: "\"\"\"引\"\"號\""
  case 1: "商\"店"
  case 2: String(repeating: "長", count: 254 + random.below(3))
  case 3: "\u{3000}商店 "
  case 4: "\"商\n店\""
  case 5: "𥂁𥕢商店"
  default: "\"商店\(random.below(1_000))\""
  }
}

/// `codes` are 行業代號,名稱 of the four slots.
private func industries(_ name: String, why: String, _ rows: String...) -> MalformedFile {
  var text = "統一編號,營業人名稱,行業代號,名稱,行業代號1,名稱1,行業代號2,名稱2,行業代號3,名稱3\n"
  for (index, row) in rows.enumerated() { text += "\(ban(index)),店,\(row)\n" }
  return file(name, why: why, "\(text)")
}

let industryFiles = [
  industries("industry-four", why: "leading zeros stay; a name may be absent", "012345,豆,472927,,472913,酒,471913,雜"),
  industries("industry-repeated", why: "the first slot of a code stays", "472927,豆,472927,酒,471913,雜,472927,"),
  industries(
    "industry-repeated-far", why: "slots 2 and 4, and a code twice twice", ",,472927,豆,,,472927,酒", "1,a,2,b,1,c,2,d"),
  industries("industry-hole", why: "order is the slot, not the count", ",,472927,豆,,,471913,雜"),
  industries("industry-name-alone", why: "dropped and counted", ",豆,472927,酒,NA,雜,\"\",\"NA\"", ",,,,,,,x"),
  industries("industry-invalid", why: "a row and a warning for each", "47292,豆,４７２９２７,酒,4729270,雜,ABCDEF,x"),
  industries("industry-invalid-repeated", why: "one row, one warning", "x,豆,x,酒,\" x\",雜,X,x"),
  industries(
    "industry-case-and-zeros", why: "codes are text: none of these repeats", "12345,a,012345,b,0012345,c,012345.0,d"),
  industries("industry-equivalent", why: "canonically equivalent is not equal", "\u{E9},a,e\u{301},b,\u{FA08},c,行,d"),
  file(
    "industry-columns-alone", why: "a slot's name column may be missing, or its code column",
    "統一編號,營業人名稱,行業代號,名稱1\n12345675,店,472927,酒\n"),
]

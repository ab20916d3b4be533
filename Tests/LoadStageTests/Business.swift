import Records

/// A business in test data.
struct Business: Hashable {
  var ban: String
  var name: String
  var address: String? = "臺北市信義區市府路１號"
  var capital: Int? = 100_000
  var headquarters: String?
  var setupDateText: String? = "1040413"
  var setupDate: String? = "2015-04-13"
  var type: String? = "獨資"
  var invoice: Bool? = true
  /// Industry codes by slot; an empty code is an empty slot.
  var industries: [String] = ["471913", "472913"]
  /// Industry names by code, where they are not `行業` and the code.
  var industryNames: [String: String?] = [:]

  init(_ ban: String, _ name: String) {
    self.ban = ban
    self.name = name
  }

  /// A row of business_industry.
  struct Slot {
    var order: Int
    var code: String
    var name: String?
  }

  var slots: [Slot] {
    industries.enumerated().compactMap { index, code in
      code.isEmpty ? nil : Slot(order: index + 1, code: code, name: industryNames[code] ?? "行業\(code)")
    }
  }

  /// The values of the source's columns, in the order of `StoredColumn.all`.
  var values: [String?] { StoredColumn.all.map { stored[$0.name] ?? nil } }

  /// The values of the source's columns by column name.
  var stored: [String: String?] {
    [
      "ban": ban, "headquarters_ban": headquarters, "business_name": name, "business_address": address,
      "capital_amount": capital.map(String.init), "business_setup_date": setupDateText, "setup_date": setupDate,
      "business_type": type, "is_use_invoice": invoice.map { $0 ? "t" : "f" },
    ]
  }

  var contentHash: Int64 {
    let registration = Array(values.map(Self.copyText).joined(separator: "\t").utf8)
    return registration.withUnsafeBytes { registration in
      Array(industryRows.utf8).withUnsafeBytes { ContentHash.of(registration: registration, industries: $0) }
    }
  }

  var row: String { values.map(Self.copyText).joined(separator: "\t") + "\t\(contentHash)\n" }

  var industryRows: String {
    slots.map { slot in
      [ban, slot.code, slot.name, "\(slot.order)"].map(Self.copyText).joined(separator: "\t") + "\n"
    }.joined()
  }

  /// Escapes a value for COPY as transform does.
  private static func copyText(_ value: String?) -> String {
    guard let value else { return "\\N" }
    var text = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\": text += "\\\\"
      case "\t": text += "\\t"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}

extension GeneratorOptions {
  /// The sample that ships with the project (`Sources/Stages/FetchStage/Sample/BGMOPEN1-sample.csv`). To
  /// generate it, run this in the project's folder:
  ///
  ///     swift run -c release generator --rows 3000 --seed 9400 --dirt MALFORMED_QUOTE=1,BLANK=2,FIELD_COUNT=1,\
  ///     INVALID_BAN=2,MISSING_NAME=1,VALUE_TOO_LONG=1,DUPLICATE=2,BAN_CHECKSUM=2,INVALID_HEADQUARTERS_BAN=1,\
  ///     INVALID_CAPITAL=3,INVALID_DATE=3,INVALID_INVOICE_FLAG=1,INVALID_INDUSTRY_CODE=2,UNUSUAL=8 \
  ///     --output Sources/Stages/FetchStage/Sample/BGMOPEN1-sample.csv
  ///
  /// It has enough dirty records to fill every part of a report, and too few to be refused. It is valid UTF-8 without
  /// lines of 64 KiB, so that an editor can open it.
  public static var sample: GeneratorOptions {
    var options = GeneratorOptions(rows: 3_000, seed: 9400)
    options.dirt[.malformedQuote] = 1
    options.dirt[.blank] = 2
    options.dirt[.fieldCount] = 1
    options.dirt[.invalidBAN] = 2
    options.dirt[.missingName] = 1
    options.dirt[.valueTooLong] = 1
    options.dirt[.duplicate] = 2
    options.dirt[.banChecksum] = 2
    options.dirt[.invalidHeadquartersBAN] = 1
    options.dirt[.invalidCapital] = 3
    options.dirt[.invalidDate] = 3
    options.dirt[.invalidInvoiceFlag] = 1
    options.dirt[.invalidIndustryCode] = 2
    options.dirt[.unusual] = 8
    return options
  }
}

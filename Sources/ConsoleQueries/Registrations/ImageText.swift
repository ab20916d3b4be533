/// The images of a business in the change feed, as text for people.
enum ImageText {
  /// The columns of an image but for the BAN, in the order in which they are shown.
  static let columns = [
    "business_name", "business_address", "business_type", "capital_amount", "business_setup_date", "setup_date",
    "is_use_invoice", "headquarters_ban", "industries",
  ]

  /// What a row of the feed changes, column by column: `(name, place, before, after)`, to join LATERAL. Of a business
  /// that came or went that is all that it has.
  static func changes(of row: String) -> String {
    """
    (SELECT n.name, n.place, \(text("\(row).before")) AS before, \(text("\(row).after")) AS after
    FROM unnest(ARRAY['\(columns.joined(separator: "', '"))']) WITH ORDINALITY AS n (name, place)
    WHERE CASE WHEN \(row).before IS NOT NULL AND \(row).after IS NOT NULL THEN n.name = ANY (\(row).changed_columns)
      ELSE coalesce(\(row).before, \(row).after) -> n.name NOT IN ('null', '[]') END)
    """
  }

  private static func text(_ image: String) -> String {
    """
    CASE WHEN n.name <> 'industries' THEN \(image) ->> n.name ELSE (
      SELECT string_agg(concat_ws(' ', e ->> 'industry_code', e ->> 'industry_name'), '；' ORDER BY (e ->> 'order')::int)
      FROM jsonb_array_elements(
        CASE WHEN jsonb_typeof(\(image) -> 'industries') = 'array' THEN \(image) -> 'industries' END) AS e
    ) END
    """
  }
}

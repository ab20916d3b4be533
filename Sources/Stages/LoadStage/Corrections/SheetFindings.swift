import CommandKit
import Postgres
import Records
import Spool

extension CorrectionSheet {
  /// Totals of the sheet's records.
  public var totals: Totals { Totals(tally) }

  /// Writes the sheet's findings into data_import_error, the first hundred of each severity.
  func writeFindings(_ session: inout Connection, _ job: JobRun) throws {
    struct Row: Encodable {
      let code: String
      let severity: String
      let column: String?
      let message: String
      let line: Int
      let row: Int
    }
    let rows = ["error", "warning"].flatMap { severity in
      findings.filter { $0.severity == severity }.prefix(BatchFindings.perSeverityMax)
    }.map {
      Row(code: $0.code, severity: $0.severity, column: $0.column, message: $0.message, line: $0.line, row: $0.row)
    }
    guard !rows.isEmpty else { return }
    try session.execute(
      """
      INSERT INTO data_import_error (job_run_id, batch_number, severity, error_type, error_message, raw_data)
      SELECT $1, 1, f ->> 'severity', f ->> 'code', f ->> 'message', f
      FROM pg_catalog.jsonb_array_elements($2::jsonb) WITH ORDINALITY AS a (f, place) ORDER BY place
      """, ["\(job.id)", try DatabaseJSON.text(rows)])
  }
}

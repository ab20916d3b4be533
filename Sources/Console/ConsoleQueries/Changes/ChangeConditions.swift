/// The conditions of a query as SQL, for rows `p` of publication and rows `f` of registration_change.
struct ChangeConditions {
  let query: ChangeFilter
  let undone: UndonePublications
  /// A position from which the list is read on.
  var place: PageCursor?

  /// Returns `WHERE …` for publications. It skips most of them by their own counts.
  func ofRuns(_ values: inout SQLValues) -> String {
    var conditions: [String] = []
    if let since = query.since { conditions.append("p.as_of_date >= \(values.add(since, "date"))") }
    if let until = query.until { conditions.append("p.as_of_date <= \(values.add(until, "date"))") }
    if let run = query.run {
      conditions.append("p.job_run_id = \(values.add("\(run)", "bigint"))")
    } else if !query.includesUndone, !undone.runs.isEmpty {
      conditions.append("p.job_run_id <> ALL (\(values.add(undone.array, "bigint[]")))")
    }
    if let kind = query.kind { conditions.append(hasSome("kinds", kind.rawValue, &values)) }
    for column in columns { conditions.append(hasSome("columns", column, &values)) }
    if let ban = query.ban {
      conditions.append(
        "p.job_run_id IN (SELECT b.job_run_id FROM registration_change b WHERE b.ban = \(values.add(ban.text)))")
    }
    if let place { conditions.append("p.job_run_id \(isBackwards ? ">=" : "<=") \(values.add(place.key, "bigint"))") }
    return conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
  }

  /// Returns `WHERE …` for the changes of a publication.
  func ofChanges(_ values: inout SQLValues) -> String {
    var conditions = ["f.job_run_id = p.job_run_id"]
    if let kind = query.kind { conditions.append("f.kind = \(values.add(kind.rawValue))") }
    for column in columns { conditions.append("\(values.add(column)) = ANY (f.changed_columns)") }
    let (before, after) = (Self.city("f.before"), Self.city("f.after"))
    if let city = query.city {
      let city = RegistrationText.oneTai(values.add(city))
      conditions.append("(\(before) = \(city) OR \(after) = \(city))")
    }
    if let city = query.movedTo {
      let city = RegistrationText.oneTai(values.add(city))
      conditions.append("\(after) = \(city) AND \(before) IS DISTINCT FROM \(city)")
    }
    if let city = query.movedFrom {
      let city = RegistrationText.oneTai(values.add(city))
      conditions.append("\(before) = \(city) AND \(after) IS DISTINCT FROM \(city)")
    }
    if let name = query.name {
      let name = values.add(name)
      let images = ["f.after", "f.before"].map {
        RegistrationText.contains("coalesce(\($0) ->> 'business_name', '')", name)
      }
      conditions.append("(\(images.joined(separator: " OR ")))")
    }
    if let ban = query.ban { conditions.append("f.ban = \(values.add(ban.text))") }
    if let place {
      // Of the cursor's own run, the changes beyond its BAN; of other runs, all changes.
      let run = values.add(place.key, "bigint")
      let end = isBackwards ? "'~'" : "''"
      conditions.append(
        "f.ban \(isBackwards ? "<" : ">") CASE WHEN p.job_run_id = \(run) THEN \(values.add(place.ban)) ELSE \(end) END"
      )
    }
    return "WHERE " + conditions.joined(separator: " AND ")
  }

  private var isBackwards: Bool { place?.way == .before }

  /// The columns that must differ.
  private var columns: [String] {
    let moves = query.movedTo != nil || query.movedFrom != nil
    return Set([query.column, moves ? "business_address" : nil].compactMap(\.self)).sorted()
  }

  /// Returns SQL for the city or county of an image.
  static func city(_ image: String) -> String { "address_city(\(image) ->> 'business_address')" }

  /// Returns the condition that a run has such changes by its own counts. Runs of earlier versions have no counts and
  /// are not skipped.
  private func hasSome(_ group: String, _ name: String, _ values: inout SQLValues) -> String {
    """
    CASE WHEN p.changes ? '\(group)' THEN coalesce((p.changes -> '\(group)' ->> \(values.add(name)))::bigint, 0) > 0 \
    ELSE true END
    """
  }
}

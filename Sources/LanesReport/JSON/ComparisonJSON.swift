import LanesCore

/// A comparison as JSON, one object per line: every contender, then the verdict.
///
/// Keys end in their unit as in `RunJSON`. A contender's object has `"type": "contender"`, the last line
/// `"type": "verdict"`. docs/compare.schema.json describes them, member by member.
package enum ComparisonJSON {
  /// Lines without their ends.
  package static func lines(_ comparison: Comparison, _ circumstances: ComparisonCircumstances) -> [String] {
    Glyphs.with(.unicode) { comparison.entries.map { contender($0) } + [verdict(comparison, circumstances)] }
  }

  /// Members in the order of the schema: who, times, costs, troubles.
  private static func contender(_ entry: Comparison.Entry) -> String {
    var json = JSONWriter()
    json.object {
      $0.member("type", "contender")
      RunJSON.write(entry.setup, to: &$0)
      writeTimes(entry, to: &$0)
      write(.costs, of: entry, to: &$0)
      write(.troubles, of: entry, to: &$0)
      write(earlier: entry.earlier, to: &$0)
      write(entry.samples, to: &$0)
    }
    return json.text
  }

  /// Wall times of all rounds.
  static func write(_ wall: Statistics, to json: inout JSONWriter) {
    // Whole nanoseconds: a median of an even number of rounds may lie between two, which no clock could have told.
    json.member("wall_median_ns", Int64(wall.median))
    json.member("wall_min_ns", Int64(wall.minimum))
    json.member("wall_max_ns", Int64(wall.maximum))
    json.member("wall_half_range_ns", wall.halfRange.map { Int64($0) })
    json.member("wall_mad_ns", Int64(wall.medianAbsoluteDeviation))
    json.member("wall_outliers", wall.outliers.count)
  }

  /// How a contender compares with an earlier report.
  static func write(earlier: RatioInterval?, to json: inout JSONWriter) {
    json.member("baseline_ratio", earlier?.ratio)
    json.member("baseline_ratio_low", earlier?.low)
    json.member("baseline_ratio_high", earlier?.high)
  }

  /// What can be ranked, of every round in order: what a later comparison needs (`--baseline`).
  static func write(_ samples: RoundSamples, to json: inout JSONWriter) {
    json.key("samples")
    json.object {
      for figure in RankedFigure.allCases {
        guard let values = samples[figure] else { continue }
        $0.key(figure.key)
        $0.array { for value in values { $0.value(Int64(value)) } }
      }
    }
  }

  private static func writeTimes(_ entry: Comparison.Entry, to json: inout JSONWriter) {
    json.member("rounds", entry.wall.count)
    json.member("round", entry.round)
    json.member("units", entry.units)
    write(.extent, of: entry, to: &json)
    write(entry.wall, to: &json)
    json.member("speed_up", entry.speedUp)
    json.member("speed_up_low", entry.speedUpInterval?.low)
    json.member("speed_up_high", entry.speedUpInterval?.high)
    json.member("interval_method", entry.speedUpInterval?.method.rawValue)
    json.member("efficiency", entry.efficiency)
    json.member("serial_fraction", entry.serialFraction)
    write(.times, of: entry, to: &json)
    json.member("busy_cores", entry.busyCores)
    json.member("worker_start_up_ns", entry.startUp)
    json.member("queued_share", entry.queuedShare)
    json.key("lane_time_ns")
    // Null and not an object of zeros: nobody kept account.
    guard let activity = entry.activity else { return json.null() }
    json.object { for kind in LaneActivity.Kind.allCases { $0.member(kind.key, activity[kind]) } }
  }

  /// The metrics of a section, in the order of `Metric.all`: the order of members is part of what readers compare.
  private static func write(_ section: Metric.Section, of entry: Comparison.Entry, to json: inout JSONWriter) {
    for metric in Metric.all where metric.section == section { json.member(metric.name, entry.value(of: metric)) }
  }

  /// Sentences for people stand beside names for programs. Titles are those of `EngineSetup.name`, alike in every
  /// locale.
  private static func verdict(_ comparison: Comparison, _ circumstances: ComparisonCircumstances) -> String {
    let verdict = Verdict(comparison)
    var json = JSONWriter()
    json.object {
      $0.member("type", "verdict")
      $0.member("verdict", verdict.kind.rawValue)
      $0.member("finding", verdict.finding)
      $0.member("advice", verdict.advice)
      $0.member("winner", verdict.winner)
      $0.member("remark", verdict.remark)
      $0.member("fastest", comparison.fastest?.setup.name)
      $0.member("ranked_by", comparison.ranked.rawValue)
      $0.member("best", comparison.best?.setup.name)
      $0.key("leaders")
      $0.array { for leader in comparison.leaders { $0.value(leader.setup.name) } }
      $0.member("interrupted", comparison.isInterrupted)
      $0.key("scalability")
      $0.array { for fit in comparison.fits { $0.object { write(fit, to: &$0) } } }
      circumstances.write(to: &$0)
    }
    return json.text
  }

  /// A fit of the universal scalability law to one way of using several lanes.
  private static func write(_ fit: ScalabilityFit, to json: inout JSONWriter) {
    json.member("mode", fit.kind.rawValue)
    json.member("ipc", fit.channel?.rawValue)
    json.member("contention", fit.contention)
    json.member("coherency", fit.coherency)
    json.member("r_squared", fit.determination)
    json.member("best_lanes", fit.bestLanes)
  }
}

extension LaneActivity.Kind {
  /// Its name in JSON, without the unit.
  fileprivate var key: String {
    switch self {
    case .computing: "computing"
    case .takingTurns: "waiting_for_core"
    case .waitingForInput: "waiting_for_input"
    case .writing: "waiting_for_writing"
    case .transferring: "sending_receiving"
    case .waitingForWork: "waiting_for_work"
    }
  }
}

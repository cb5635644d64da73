import LanesCore

/// Commands side by side as JSON, one object per line: every command, then the ranking.
///
/// docs/compare.schema.json describes both, member by member.
package enum CommandJSON {
  /// Lines without their ends.
  package static func lines(_ comparison: CommandComparison, _ circumstances: ComparisonCircumstances) -> [String] {
    Glyphs.with(.unicode) {
      comparison.entries.map { command($0, comparison) } + [ranking(comparison, circumstances)]
    }
  }

  private static func command(_ entry: CommandComparison.Entry, _ comparison: CommandComparison) -> String {
    let finding = CommandFinding(entry, cpus: comparison.cpus, shell: comparison.shell)
    var json = JSONWriter()
    json.object {
      $0.member("type", "command")
      $0.member("name", entry.name)
      $0.member("command", entry.command)
      $0.member("rounds", entry.wall.count)
      $0.member("round", entry.round)
      ComparisonJSON.write(entry.wall, to: &$0)
      $0.member("ratio", entry.ratio?.ratio)
      $0.member("ratio_low", entry.ratio?.low)
      $0.member("ratio_high", entry.ratio?.high)
      $0.member("interval_method", entry.ratio?.method.rawValue)
      ComparisonJSON.write(earlier: entry.earlier, to: &$0)
      let figures = entry.run.figures
      for metric in Metric.ofCommands(.times) { $0.member(metric.name, metric.value(of: figures)) }
      $0.member("busy_cores", entry.busyCores)
      $0.member("queued_share", entry.run.queuedShare)
      for metric in Metric.ofCommands(.costs) { $0.member(metric.name, metric.value(of: figures)) }
      $0.member("pressure_of", entry.run.isPressureOwn ? "command" : "machine")
      $0.member("times_from", entry.run.hasUnwaited ? "cgroup" : "wait4")
      $0.member("rounds_failed", entry.failures.reduce(0) { $0 + $1.rounds })
      $0.member("left_behind", entry.leftBehind)
      $0.member("verdict", finding.kind.rawValue)
      $0.member("finding", finding.sentence)
      ComparisonJSON.write(entry.samples, to: &$0)
    }
    return json.text
  }

  private static func ranking(_ comparison: CommandComparison, _ circumstances: ComparisonCircumstances) -> String {
    var json = JSONWriter()
    json.object {
      $0.member("type", "ranking")
      $0.member("ranked_by", comparison.ranked.rawValue)
      $0.member("best", comparison.best?.name)
      $0.key("leaders")
      $0.array { for leader in comparison.leaders { $0.value(leader.name) } }
      $0.member("winner", comparison.winner)
      $0.key("differences")
      $0.array { for sentence in comparison.differences { $0.value(sentence) } }
      $0.member("shell_ns", comparison.shell?.wall)
      $0.member("interrupted", comparison.isInterrupted)
      circumstances.write(to: &$0)
    }
    return json.text
  }
}

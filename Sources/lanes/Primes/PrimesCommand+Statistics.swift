import LanesCore
import LanesOS
import LanesPrimes
import LanesReport

extension PrimesCommand {
  /// Prints statistics where they were asked for, and with them how primes were found.
  func printStatistics(_ record: RunRecord, _ method: PrimesMethod, to printer: ResultPrinter) {
    guard engine.stats else { return }
    // Numbers of the range per second of wall time, which is in nanoseconds.
    let rate = record.wall > 0 ? Double(method.candidates) / (Double(record.wall) / 1e9) : 0
    if engine.json {
      var json = JSONWriter()
      json.object {
        RunJSON.write(record, to: &$0)
        $0.member("algorithm", method.algorithm)
        $0.member("block_bytes", method.block)
        $0.member("segment_bytes", method.segment)
        // Null where the system tells nothing of its caches.
        $0.member("level1_cache_bytes", method.caches?.level1)
        $0.member("level2_cache_bytes", method.caches?.level2)
        $0.member("candidates", method.candidates)
        $0.member("candidates_per_second", rate)
      }
      printer.line(json.text)
    } else {
      // Standard output holds the answer alone.
      for line in record.statisticsLines + lines(method, rate) { StandardError.line(line) }
    }
  }

  /// Rows for people, in the layout of the run's own statistics.
  private func lines(_ method: PrimesMethod, _ rate: Double) -> [String] {
    let caches =
      method.caches.map { "\(Readable.bytes($0.level1)) L1, \(Readable.bytes($0.level2)) L2" }
      ?? "unknown, usual sizes taken"
    let rows = [
      ("algorithm", method.algorithm),
      ("segments", "\(Readable.bytes(method.segment)) in blocks of \(Readable.bytes(method.block)); caches: \(caches)"),
      ("candidates", "\(Readable.count(method.candidates)), \(Readable.count(UInt64(rate))) per second"),
    ]
    return rows.flatMap { StatsText.row($0.0, $0.1, wrapping: Terminal.wrapping(2)) }
  }
}

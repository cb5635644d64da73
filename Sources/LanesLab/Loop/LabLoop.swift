import CLab
import LanesOS
import LanesReport

/// The one measuring loop of all experiments: short batches, variants in turn and in alternating order.
///
/// A batch lasts 20 to 100 µs, where an operation is as short as that: less than a time slice, so that most batches run
/// from end to end without an interruption whatever else the machine does. Their first decile is then what the operation
/// costs, and the share of batches far above it tells how much the machine was disturbed. An average over many slices
/// would tell neither.
package struct LabLoop {
  /// Seconds of measuring, all variants together.
  let seconds: Double
  /// Rounds at least, each with every variant.
  let rounds: Int
  /// What was asked for; nil leaves it to the experiment.
  let pin: LabPin?

  /// Nanoseconds that a batch is to last.
  static let batch = 50_000.0
  static let shortestBatch: Int64 = 20_000
  /// Nanoseconds of batches of one variant before the next has its turn, and their number at most.
  static let turn = 1_000_000.0
  static let longestTurn = 16
  private static let mostSamples = 50_000
  private static let mostRounds = 1_000

  package init(seconds: Double, rounds: Int, pin: LabPin?) {
    self.seconds = seconds
    self.rounds = rounds
    self.pin = pin
  }

  /// CPUs for two lanes; below 0 leaves it to the kernel.
  struct Places {
    let pin: LabPin
    let first: Int32
    let second: Int32
    /// False where two CPUs were asked for and there is one.
    let isPossible: Bool
  }

  /// Places as asked for, or as `usual` for the experiment. `same` is the CPU that this thread is on.
  func places(_ usual: LabPin) -> Places {
    let pin = pin ?? usual
    var cpus = [Int32](repeating: -1, count: 2)
    let count = clab_cpus(&cpus, 2)
    switch pin {
    case .free: return Places(pin: pin, first: -1, second: -1, isPossible: true)
    case .same:
      let cpu = clab_current_cpu()
      return Places(pin: pin, first: cpu, second: cpu, isPossible: true)
    case .two: return Places(pin: pin, first: cpus[0], second: count > 1 ? cpus[1] : cpus[0], isPossible: count > 1)
    }
  }

  /// Measures `variants` for `share` of the seconds and adds their figures; those that never worked are left out, with
  /// the reason as text under their name.
  func measure(_ variants: [LabVariant], share: Double = 1, into measurements: inout LabMeasurements) {
    var records = variants.compactMap { variant -> Record? in
      guard let operations = Self.calibrate(variant) else {
        measurements.texts["failed " + variant.name] = SystemError(variant.name, errno: clab_error()).reason
        return nil
      }
      return Record(variant: variant, operations: operations)
    }
    let began = clab_now()
    let limit = Int64(seconds * share * 1e9)
    var round = 0
    while round < rounds || clab_now() - began < limit {
      // Whatever a variant leaves behind, caches or heat, meets each of the others first as often as last.
      let order = round.isMultiple(of: 2) ? Array(records.indices) : records.indices.reversed()
      for index in order { records[index].takeTurn() }
      round += 1
      // On a machine that hardly gets to it, few rounds must do.
      if round >= 2, clab_now() - began > 4 * limit + 1_000_000_000 { break }
      if records.allSatisfy({ $0.samples.count > Self.mostSamples }) { break }
    }
    measurements.figures += records.filter { !$0.samples.isEmpty }.map(\.figure)
  }

  /// Measures what takes milliseconds and more: variants in turn, one operation a batch, for `share` of the seconds or
  /// `least` rounds, whichever is more; on a machine that hardly gets to it, fewer rounds must do. Adds a figure for each
  /// variant that worked.
  func takeTurns(_ variants: [LabVariant], share: Double = 1, least: Int = 3, into measurements: inout LabMeasurements)
  {
    var records = variants.map { LongRecord(variant: $0) }
    let began = clab_now()
    let limit = Int64(seconds * share * 1e9)
    for round in 0..<Self.mostRounds {
      if round >= min(least, rounds), clab_now() - began > limit { break }
      let order = round.isMultiple(of: 2) ? Array(records.indices) : records.indices.reversed()
      for index in order where round == 0 || clab_now() - began <= 2 * limit + 500_000_000 { records[index].takeTurn() }
    }
    measurements.figures += records.filter { !$0.samples.isEmpty }.map(\.figure)
  }

  /// What has been measured of a variant whose operation is a batch.
  private struct LongRecord {
    let variant: LabVariant
    var samples: [Double] = []
    private var wall: Int64 = 0
    private var processor: Int64 = 0

    init(variant: LabVariant) { self.variant = variant }

    mutating func takeTurn() {
      let (start, time) = (clab_now(), clab_family_time())
      let taken = variant.run(1)
      guard taken >= 0 else { return }
      wall += clab_now() - start
      processor += clab_family_time() - time
      samples.append(Double(taken) / variant.per)
    }

    var figure: LabFigure {
      LabFigure(
        variant.name, samples: samples, batch: variant.clock == .processor ? 0 : Statistics(samples).median,
        needed: variant.needed,
        cpuPerWall: variant.clock == .wallOfFamily && wall > 0 ? Double(processor) / Double(wall) : nil)
    }
  }

  /// Operations of a batch of about 50 µs; nil when none of ten batches could be used.
  private static func calibrate(_ variant: LabVariant) -> Int? {
    var operations = 1
    var failures = 0
    while true {
      let times = (0..<3).map { _ in variant.run(operations) }.filter { $0 >= 0 }
      guard let time = times.min() else {
        failures += 1
        guard failures < 4 else { return nil }
        continue
      }
      if time >= shortestBatch || operations >= variant.most {
        let wanted = Double(operations) * batch / Double(max(time, 1))
        return max(1, min(variant.most, Int(wanted)))
      }
      operations = min(variant.most, operations * (time < 1_000 ? 16 : 3))
    }
  }

  /// What has been measured of a variant.
  private struct Record {
    let variant: LabVariant
    let operations: Int
    var samples: [Double] = []
    var batch = 0.0
    private var wall: Int64 = 0
    private var processor: Int64 = 0
    private var delay: Int64 = 0
    private var minorFaults = 0.0
    private var majorFaults = 0.0
    private var voluntary = 0.0
    private var involuntary = 0.0
    private var done = 0.0

    init(variant: LabVariant, operations: Int) {
      self.variant = variant
      self.operations = operations
    }

    mutating func takeTurn() {
      var before = clab_counts()
      var after = clab_counts()
      // The first batch of a turn finds caches as another variant left them.
      let count = batch == 0 ? 2 : max(1, min(LabLoop.longestTurn, Int(LabLoop.turn / batch)))
      if count > 1 { _ = variant.run(operations) }
      clab_counts(&before)
      let (start, time, waited) = (clab_now(), clab_thread_time(), clab_run_delay())
      var times: [Int64] = []
      times.reserveCapacity(count)
      for _ in 0..<count { times.append(variant.run(operations)) }
      wall += clab_now() - start
      processor += clab_thread_time() - time
      if waited >= 0 { delay += max(0, clab_run_delay() - waited) } else { delay = -1 }
      clab_counts(&after)
      minorFaults += Double(after.minor_faults - before.minor_faults)
      majorFaults += Double(after.major_faults - before.major_faults)
      voluntary += Double(after.voluntary - before.voluntary)
      involuntary += Double(after.involuntary - before.involuntary)
      done += Double(count * operations)
      for time in times where time >= 0 {
        samples.append(Double(time) / Double(operations) / variant.per)
        batch = batch == 0 ? Double(max(time, 1)) : batch * 0.9 + Double(max(time, 1)) * 0.1
      }
    }

    var figure: LabFigure {
      LabFigure(
        variant.name, samples: samples, batch: variant.clock == .processor ? 0 : batch, needed: variant.needed,
        cpuPerWall: variant.clock == .wall && wall > 0 ? Double(processor) / Double(wall) : nil,
        delay: variant.clock != .processor && delay >= 0 && wall > 0 ? Double(delay) / Double(wall) : nil,
        counters: [
          LabFigure.Counter("operations", done), LabFigure.Counter("minor_faults", minorFaults),
          LabFigure.Counter("major_faults", majorFaults), LabFigure.Counter("voluntary_switches", voluntary),
          LabFigure.Counter("involuntary_switches", involuntary),
        ])
    }
  }
}

extension LabLoop {
  /// `full` of something, or less where so few seconds were asked for that it would be far from them; `least` at least.
  func scaled(_ full: Int, least: Int) -> Int { max(least, Int(Double(full) * min(1, seconds))) }
}

extension LabMeasurements {
  /// How often a counter went up for each operation of a figure; 0 when there is no such figure.
  func rate(_ counter: String, of name: String) -> Double {
    guard let figure = self[name], let count = figure.counter(counter), let done = figure.counter("operations"),
      done > 0
    else { return 0 }
    return count / done
  }

  /// Notes that two CPUs are needed where there is one.
  mutating func require(_ places: LabLoop.Places) {
    require(places.isPossible, "two CPUs are needed, and this process may use one")
  }
}

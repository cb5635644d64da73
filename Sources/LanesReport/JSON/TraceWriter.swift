import LanesCore

/// Writes when and where units ran, in the Chrome trace format, which Perfetto and chrome://tracing open.
///
/// Call `header` once, then `events` for every unit, in any order and as it ends, then `footer` once; what they return,
/// put together, is one JSON object. Each lane is a thread of the trace, and so is the coordinator: it carries an
/// instant for every unit that is handed out or settled, the number of units in flight, and, where the coordinator
/// loads and stores for the lanes, these as asynchronous slices, since several are under way at once and would not
/// nest.
///
/// Source: "Trace Event Format", google/trace-viewer.
package struct TraceWriter: Sendable {
  private let setup: EngineSetup
  /// Where the trace's time begins, in nanoseconds of the monotonic clock.
  private let origin: Int64
  /// Whether a lane loads or stores one unit while it performs another.
  private let stagesOverlap: Bool
  /// The coordinator's thread number: the lanes have 1 and up.
  private var coordinator: Int { setup.lanes + 1 }

  /// A trace of a run with `setup`, whose times count from `origin`, a reading of the monotonic clock in nanoseconds.
  package init(setup: EngineSetup, origin: Int64) {
    self.setup = setup
    self.origin = origin
    // Complete events ("X") of one thread must nest; what overlaps has to be a pair of asynchronous events ("b", "e").
    stagesOverlap = setup.kind.overlapsStages
  }

  /// The start of the file, with the names of the process and the lanes. The trace has one process, number 1, whatever
  /// processes the engine starts.
  package func header() -> String {
    let names = (0..<setup.lanes).map { metadata("thread_name", thread: $0 + 1, name: "lane \($0 + 1)") }
    return "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n"
      + ([metadata("process_name", thread: 0, name: "lanes \(setup.name)")] + names
      + [metadata("thread_name", thread: coordinator, name: "coordinator")]).joined(separator: ",\n")
  }

  /// A unit was handed out or settled at `time`, and `inFlight` units are under way now.
  ///
  /// Each event begins with the comma that separates it from the one before; the header ends in an event.
  package func moment(_ what: Moment, label: String, lane: Int, at time: Int64, inFlight: Int) -> String {
    var instant = JSONWriter()
    instant.object {
      $0.member("ph", "i")
      // The instant's scope is its thread.
      $0.member("s", "t")
      $0.member("cat", what.rawValue)
      $0.member("name", "\(what.rawValue) \(label)")
      $0.member("pid", 1)
      $0.member("tid", coordinator)
      $0.key("ts")
      $0.microseconds(time - origin)
      $0.key("args")
      $0.object { $0.member("lane", lane + 1) }
    }
    var counter = JSONWriter()
    counter.object {
      $0.member("ph", "C")
      $0.member("name", "units in flight")
      $0.member("pid", 1)
      $0.key("ts")
      $0.microseconds(time - origin)
      $0.key("args")
      $0.object { $0.member("units", inFlight) }
    }
    return ",\n" + instant.text + ",\n" + counter.text
  }

  /// What the coordinator does with a unit.
  package enum Moment: String, Sendable {
    case handOut = "hand out"
    case settle
  }

  /// The stages of one unit, each on a line; empty when nothing of it ran.
  package func events(label: String, number: Int, _ record: UnitRecord) -> String {
    let stages = [("load", record.load), ("perform", record.perform), ("store", record.store)]
    // A stage that never ran has no end: a unit that failed on loading was never performed.
    return stages.filter { $0.1.end > 0 }.map { category, stage in
      let event = Event(label: label, number: number, category: category, stage: stage, record: record)
      return isAsynchronous(category)
        ? ",\n" + line(event, phase: "b", at: stage.start) + ",\n" + line(event, phase: "e", at: stage.end)
        : ",\n" + line(event, phase: "X", at: stage.start)
    }.joined()
  }

  /// The end of the file.
  package func footer() -> String { "\n]}\n" }

  /// One stage of one unit.
  private struct Event {
    let label: String
    let number: Int
    let category: String
    let stage: UnitRecord.Stage
    let record: UnitRecord
  }

  private func isAsynchronous(_ category: String) -> Bool { stagesOverlap && category != "perform" }

  private func line(_ event: Event, phase: String, at time: Int64) -> String {
    var json = JSONWriter()
    json.object {
      $0.member("ph", phase)
      $0.member("cat", event.category)
      $0.member("name", phase == "X" ? event.label : "\(event.category) \(event.label)")
      $0.member("pid", 1)
      $0.member("tid", isAsynchronous(event.category) ? coordinator : event.record.lane + 1)
      $0.key("ts")
      $0.microseconds(time - origin)
      if phase == "X" {
        $0.key("dur")
        $0.microseconds(event.stage.nanoseconds)
      } else {
        // Begin and end belong together by category and id.
        $0.member("id", event.number)
      }
      // Arguments stand with the beginning of a pair.
      if phase != "e" { writeArguments(event, to: &$0) }
    }
    return json.text
  }

  private func writeArguments(_ event: Event, to json: inout JSONWriter) {
    json.key("args")
    json.object {
      $0.member("unit", event.number)
      $0.member("in_bytes", event.record.bytesIn)
      $0.member("out_bytes", event.record.bytesOut)
      $0.member("failed", event.record.failed)
      if isAsynchronous(event.category) { $0.member("lane", event.record.lane + 1) }
      // What was waited for a core is measured while a unit is performed.
      guard event.category == "perform" else { return }
      $0.key("waited_for_core_us")
      $0.microseconds(event.record.queued)
    }
  }

  /// Metadata ("M") gives a process or thread its name; it has no time.
  private func metadata(_ kind: String, thread: Int, name: String) -> String {
    var json = JSONWriter()
    json.object {
      $0.member("ph", "M")
      $0.member("name", kind)
      $0.member("pid", 1)
      $0.member("tid", thread)
      $0.key("args")
      $0.object { $0.member("name", name) }
    }
    return json.text
  }
}

extension JSONWriter {
  /// Nanoseconds as microseconds with three decimal places, exactly: a Double loses them after some hours.
  fileprivate mutating func microseconds(_ nanoseconds: Int64) {
    let (whole, rest) = nanoseconds.magnitude.quotientAndRemainder(dividingBy: 1_000)
    literal((nanoseconds < 0 ? "-" : "") + "\(whole)." + String(rest).leftPadded(to: 3, with: "0"))
  }
}

import LanesCore

/// A run as one JSON object, which `--stats --json` prints.
///
/// Keys end in their unit: `_ns` nanoseconds, `_bytes` bytes; everything else is a count, a name or a sentence. A
/// figure that could not be read is null, never 0.
///
///     engine              title, such as "processes/shm ×2"
///     mode lanes ipc      the parts of the title; ipc is null inside one process
///     ending              "complete", "satisfied" (nothing more was asked for), "signalled", "output closed" or
///                         "halted"
///     signal reason       what ended the run, where a signal or a reason did
///     units_done units_failed workers_lost
///     wall_ns             from start to end of the run
///     user_ns system_ns voluntary_switches involuntary_switches minor_faults major_faults
///     peak_memory_bytes storage_read_bytes storage_written_bytes
///                         the coordinator and all workers together
///     in_bytes out_bytes between_bytes
///                         sources loaded, outputs stored, bytes that crossed between processes
///     ring_submitted ring_completed ring_calls
///                         requests that io_uring took and answered, and the calls that handed them over; null without it
///     process_id          the coordinating process (PID)
///     coordinator workers the same figures by process
///     cpu_pressure_ns io_pressure_ns memory_pressure_ns
///                         how long some task of the machine was short of that; null where the kernel does not say
///     per_lane            units, loading_ns, performing_ns, storing_ns, idle_ns of each lane; of the performing,
///                         queued_ns without a core and stalled_ns waiting for mapped pages; transferring_ns sending
///                         and receiving; start_up_ns of its worker process, null without one; task_id, its thread
///                         (TID) or its last worker process (PID)
///     notes               sentences about how the run was done
package enum RunJSON {
  /// One line without its end.
  package static func line(_ record: RunRecord) -> String {
    var json = JSONWriter()
    json.object { write(record, to: &$0) }
    return json.text
  }

  /// The members alone, for an object that holds more.
  package static func write(_ record: RunRecord, to json: inout JSONWriter) {
    write(record.setup, to: &json)
    write(record.ending, to: &json)
    for metric in Metric.all where metric.isToldOfRuns { json.member(metric.name, metric.value(of: record)) }
    json.key("coordinator")
    json.object { write(record.coordinator, to: &$0) }
    json.key("workers")
    json.array { for worker in record.workers { $0.object { write(worker, to: &$0) } } }
    json.key("per_lane")
    json.array { for share in LaneShare.all(of: record) { $0.object { write(share, to: &$0) } } }
    json.key("notes")
    json.array { for note in record.notes { $0.value(note) } }
  }

  /// The members that name a contender, alike in runs and comparisons.
  static func write(_ setup: EngineSetup, to json: inout JSONWriter) {
    json.member("engine", setup.name)
    json.member("mode", setup.kind.rawValue)
    json.member("lanes", setup.lanes)
    json.member("ipc", setup.channel?.rawValue)
  }

  /// Words and not the cases' names: the words are part of the format.
  private static func write(_ ending: Ending, to json: inout JSONWriter) {
    switch ending {
    case .complete: json.member("ending", "complete")
    case .satisfied: json.member("ending", "satisfied")
    case .outputClosed: json.member("ending", "output closed")
    case .signalled(let signal):
      json.member("ending", "signalled")
      json.member("signal", signal)
    case .halted(let reason):
      json.member("ending", "halted")
      json.member("reason", reason)
    }
  }

  private static func write(_ usage: ProcessUsage, to json: inout JSONWriter) {
    // The same table as for the sums above, so that a figure has one name everywhere.
    for (metric, field) in Metric.ofProcesses { json.member(metric.name, field.value(of: usage)) }
  }

  private static func write(_ share: LaneShare, to json: inout JSONWriter) {
    for figure in LaneUsage.stages { json.member(figure.name, figure.field.value(of: share.usage)) }
    json.member("idle_ns", share.idle)
    for figure in LaneUsage.waits { json.member(figure.name, figure.field.value(of: share.usage)) }
  }
}

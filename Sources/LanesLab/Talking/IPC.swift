import CLab
import LanesReport

extension Experiment {
  static let ipc = Experiment(
    "ipc", .talking, title: "Talking between processes: how long a message takes, and how many bytes go through",
    short: "shared memory is the fastest, messages are costly",
    claims: [
      LabClaim(
        "a", from: .course(.lab),
        "shared memory is fast: a message through it, with a futex to wake the other, takes half as long as through a pipe",
        .ratio(of: "shared memory, futex", to: "pipe", within: .atMost(0.5)),
        ifRefuted: "What takes time is waking the other process, not carrying the bytes."),
      LabClaim(
        "b", from: .course(.lab), "shared memory is fast for bulk: a copy into it and out of it costs less than a pipe",
        .ratio(of: "64 KiB by shared memory", to: "64 KiB by pipe", within: .atMost(0.8))),
      LabClaim(
        "c", from: .course(.parallelism, .lab), "TCP over the loopback costs more than a pipe",
        .ratio(of: "TCP", to: "pipe", within: .atLeast(1.2))),
    ],
    method: [
      "64 bytes go to a forked process on the same CPU and come back; a figure is a round trip. The variants differ in the "
        + "channel alone.",
      "For bulk a process reads all that another writes, 64 KiB at a time; a figure is processor time of both for each.",
      "Message queues are those of POSIX (mq_overview(7)) and of System V (svipc(7)); a kernel may lack either.",
      "Misleading: on one CPU a message is a switch; two processes that spin on shared memory, on two CPUs, answer in a tenth of "
        + "a microsecond, and burn both.",
    ],
    loop: """
      if (!send_one(pair, 0, 1)) return -1;
      if (!receive_one(pair, 1)) return -1;
      """
  ) { loop in
    var result = LabMeasurements()
    let places = loop.places(.same)
    result.require(places)
    let channels: [(String, clab_channel)] = [
      ("pipe", CLAB_PIPE), ("named pipe", CLAB_FIFO), ("eventfd", CLAB_EVENTFD), ("shared memory, futex", CLAB_FUTEX),
      ("POSIX queue", CLAB_MQUEUE), ("System V queue", CLAB_SYSV), ("datagram socket", CLAB_DATAGRAM),
      ("stream socket", CLAB_STREAM), ("TCP", CLAB_TCP),
    ]
    let pairs = channels.map { name, channel in
      Pairs([(name, CLAB_PROCESS)], channel: channel, places: places)
    }
    loop.measure(pairs.flatMap { $0.variants(per: 1) }, share: 0.6, into: &result)
    let bulk: [(String, clab_channel)] = [
      ("64 KiB by shared memory", CLAB_FUTEX), ("64 KiB by stream socket", CLAB_STREAM), ("64 KiB by pipe", CLAB_PIPE),
      ("64 KiB by TCP", CLAB_TCP),
    ]
    let pieces = 256
    loop.measure(
      bulk.map { name, channel in
        LabVariant(name, most: 1, per: Double(pieces), clock: .processor) { _ in
          clab_stream(channel, 65_536, pieces, places.first, places.second)
        }
      }, share: 0.4, into: &result)
    return result
  }
}

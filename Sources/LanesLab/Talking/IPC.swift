import CLab
import LanesCore
import LanesOS
import LanesReport

extension Experiment {
  static let ipc = Experiment(
    "ipc", .talking, title: "Talking between processes: how long a message takes, and how many bytes go through",
    short: "shared memory is the fastest, messages are costly",
    claims: [
      LabClaim(
        "a", from: .course(.lab),
        "shared memory is fast: a message through it, with a futex to wake the other, takes half as long as through a pipe",
        .ratio(of: "memory, futex", to: "pipe", within: .atMost(0.5)),
        ifRefuted: "What takes time is waking the other process, not carrying the bytes."),
      LabClaim(
        "b", from: .course(.lab),
        "shared memory is fast for bulk: 64 KiB at a time, a quarter more goes through it than through a pipe, or more",
        .ratio(of: "memory, futex, 64 KiB", to: "pipe, 64 KiB", within: .atLeast(1.25))),
      LabClaim(
        "c", from: .course(.parallelism, .lab), "TCP over the loopback costs more than a pipe",
        .ratio(of: "TCP", to: "pipe", within: .atLeast(1.2))),
      LabClaim(
        "d", from: .course(.performance, ostep: .locks),
        "it is spinning that is fast, not sharing: two that spin on shared memory answer in a quarter of the time that a futex takes, "
          + "or less",
        .ratio(of: "memory, spinning", to: "memory, futex", within: .atMost(0.25)),
        ifConfirmed: "Nobody is woken; both burn a core of their own for it."),
      LabClaim(
        "e", from: .course(.parallelism, .lab), "a file is no channel: asking it for news takes longer than a pipe",
        .ratio(of: "file, polled", to: "pipe", within: .atLeast(1)),
        ifRefuted:
          "On one core whoever asks gives way at once; what a file lacks is a way to sleep until something comes."
      ),
    ],
    published: [
      ("pipe", 162_441.0), ("named pipe", 265_823), ("stream socket", 130_372), ("TCP", 70_221),
      ("memory, spinning", 4_702_557),
    ].map { name, rate in
      LabPublished(
        name, 1e9 / rate, source: "by ipc-bench's \(Readable.count(Int(rate))) messages of 100 B a second, i5-4590S",
        address: "https://github.com/goldsborough/ipc-bench")
    },
    method: [
      "64 bytes go to a forked process on the same CPU and come back; a figure is a round trip. The variants differ in the "
        + "channel alone. An eventfd carries a number; a file is asked again and again, with sched_yield(2) in between.",
      "Two that spin need two CPUs at the same moment: batches in which either waited for its core are left out, and thirty must "
        + "remain.",
      "For bulk a process reads all that another writes, in pieces of 64 B, 4 KiB and 64 KiB; a figure is bytes for a second of "
        + "processor time of both. Queues carry 64 KiB as eight messages, since kernels allow 8 KiB.",
      "Message queues are those of POSIX (mq_overview(7)) and of System V (svipc(7)); a kernel may lack either, and then the grid "
        + "says so.",
      "Misleading: on one CPU a message is a switch. On two CPUs that sleep, waking takes longer still, --pin two.",
    ],
    loop: """
      if (!send_one(pair, 0, 1)) return -1;
      if (!receive_one(pair, 1)) return -1;
      """,
    picture: Channel.grid, drawn: [.bytesPerSecond]
  ) { loop in
    var result = LabMeasurements()
    let places = loop.places(.same)
    result.require(places)
    let two = LabLoop(seconds: loop.seconds, rounds: loop.rounds, pin: .two).places(.two)
    result.require(two.isPossible, "two CPUs are needed to spin, and this process may use one", for: "d")
    let channels = Channel.all.filter { two.isPossible || $0.kind != CLAB_SPIN }
    var missing: [String] = []
    let pairs = channels.compactMap { channel -> Pairs? in
      let pairs = Pairs(
        [(channel.name, CLAB_PROCESS)], channel: channel.kind, places: channel.kind == CLAB_SPIN ? two : places,
        needed: channel.kind == CLAB_SPIN ? 30 : 5)
      if pairs.isEmpty { missing.append("\(channel.name): \(SystemError(channel.name, errno: clab_error()).reason)") }
      return pairs.isEmpty ? nil : pairs
    }
    loop.measure(pairs.flatMap { $0.variants(per: 1) }, share: 0.4, into: &result)
    for size in Channel.sizes {
      var times = LabMeasurements()
      loop.measure(
        channels.filter { $0.kind != CLAB_EVENTFD }.map { channel in
          // Spinning takes both CPUs at the same moment, so that its batches are short and tried again; all else runs on
          // one, where processor time is right whatever the load.
          let isSpinning = channel.kind == CLAB_SPIN
          let at = isSpinning ? two : places
          let pieces = isSpinning ? size.pieces / 8 : size.pieces
          return LabVariant(channel.name, most: 1, per: Double(pieces), clock: .processor) { _ in
            let tries = (0..<(isSpinning ? 3 : 1)).lazy.map { _ in
              clab_stream(channel.kind, size.bytes, pieces, at.first, at.second)
            }
            return tries.first { $0 >= 0 } ?? -1
          }
        }, share: 0.2, into: &times)
      result.figures += times.figures.map {
        LabFigure("\($0.name), \(size.text)", .bytesPerSecond, each: Double(size.bytes), in: $0)
      }
    }
    if two.isPossible, Channel.sizes.contains(where: { result["memory, spinning, \($0.text)"] == nil }) {
      missing.append("memory, spinning, in all sizes: two cores were not to be had at the same moment")
    }
    result.texts["missing"] = missing.joined(separator: "\n")
    return result
  }
}

/// A way from one process to another.
private struct Channel {
  let name: String
  let kind: clab_channel

  static let all = [
    Channel(name: "memory, spinning", kind: CLAB_SPIN), Channel(name: "memory, futex", kind: CLAB_FUTEX),
    Channel(name: "eventfd", kind: CLAB_EVENTFD), Channel(name: "pipe", kind: CLAB_PIPE),
    Channel(name: "named pipe", kind: CLAB_FIFO), Channel(name: "POSIX queue", kind: CLAB_MQUEUE),
    Channel(name: "System V queue", kind: CLAB_SYSV), Channel(name: "datagrams", kind: CLAB_DATAGRAM),
    Channel(name: "stream socket", kind: CLAB_STREAM), Channel(name: "TCP", kind: CLAB_TCP),
    Channel(name: "file, polled", kind: CLAB_FILE),
  ]

  /// Sizes of pieces, and how many of them make a batch of a millisecond or so.
  static let sizes: [(text: String, bytes: Int, pieces: Int)] = [
    ("64 B", 64, 2_048), ("4 KiB", 4_096, 512), ("64 KiB", 65_536, 64),
  ]

  /// Latency beside speeds, a line for each channel.
  static func grid(_ result: LabMeasurements, _ width: Int) -> [String] {
    // A narrow terminal does without the middle size.
    let sizes = width < 70 ? [Self.sizes[0], Self.sizes[2]] : Self.sizes
    let names = all.map(\.name.count).max() ?? 0
    func line(_ cells: [String]) -> String {
      ("  " + cells[0].rightPadded(to: names) + cells[1].leftPadded(to: 11)
        + cells.dropFirst(2).map { $0.leftPadded(to: 13) }.joined())
    }
    func cell(_ name: String) -> String { result[name].map { $0.text($0.p10) } ?? "-" }
    let missing = (result.texts["missing"] ?? "").split(separator: "\n").map { "not here: \($0)" }
    return [
      (line(["", "there and"])
        + (width < 70 ? "bytes a second" : "bytes for a second of processor").leftPadded(to: 13 * sizes.count))
        .withoutTrailingSpaces,
      line(["", "back, 64 B"] + sizes.map(\.text)),
    ]
      + all.map { channel in
        line([channel.name, cell(channel.name)] + sizes.map { cell("\(channel.name), \($0.text)") })
      } + missing.flatMap { ComparisonText.wrap($0, width: width) }
  }
}

import CLab
import LanesCore
import LanesReport

extension Experiment {
  static let race = Experiment(
    "race", .sharing, title: "Race: two threads that increment one number",
    short: "i += 1 by two threads loses updates",
    claims: [
      LabClaim(
        "a", from: .course(.concurrency, .lab, ostep: .concurrency), "i += 1 by two threads at once loses updates",
        .value("lost, plain", within: .atLeast(1), counts: "lost of 100 increments"),
        ifConfirmed: "Each reads, adds and writes; what the other wrote in between is overwritten."),
      LabClaim(
        "b", from: .course(.glossary, ostep: .locks), "atomic increments lose none",
        .value("lost, atomic", within: 0...0, counts: "lost of 100 increments")),
      LabClaim(
        "c", from: .course(.glossary, ostep: .locks), "under a mutex none is lost",
        .value("lost, mutex", within: 0...0, counts: "lost of 100 increments")),
      LabClaim(
        "d", from: .course(.performance, ostep: .locks), "an atomic increment costs more than a plain one, even alone",
        .ratio(of: "atomic, alone", to: "plain, alone", within: .atLeast(1.5))),
    ],
    method: [
      "Two threads on two CPUs wait for each other, then each increments the same number; batches in which either had no core "
        + "do not count.",
      "The number is volatile, or a compiler would add all at once; what is lost is counted at the end.",
      "Misleading: one CPU is no protection. There, too, a thread can lose its core between reading and writing, but seldom.",
    ],
    loop: "for (long i = 0; i < n; i++) *number = *number + 1;",
    picture: { result, width in
      let room = max(20, width - 20)
      let (kept, lost) = Glyphs.current == .unicode ? ("█", "░") : ("#", ".")
      let rows: [(String, String)] = [("plain", "lost, plain"), ("atomic", "lost, atomic"), ("mutex", "lost, mutex")]
      let lines = rows.compactMap { name, key in
        result.values[key].map { share in
          let gone = share > 0 ? max(1, Int(share / 100 * Double(room))) : 0
          return "  " + name.rightPadded(to: 8) + String(repeating: kept, count: room - gone)
            + String(repeating: lost, count: gone)
        }
      }
      return lines.isEmpty ? [] : ["increments that were kept \(kept) and lost \(lost)"] + lines
    }
  ) { loop in
    var result = LabMeasurements()
    let places = loop.places(.two)
    result.require(places)
    _ = clab_pin(places.first)
    let kinds: [(String, clab_increment)] = [("plain", CLAB_PLAIN), ("atomic", CLAB_ATOMIC), ("mutex", CLAB_MUTEX)]
    // The second threads sleep meanwhile: a process without any takes locks without an atomic instruction.
    let duos = Duos(kinds.map { ("\($0), two lanes", $1, 0) }, places: places)
    loop.measure(
      kinds.map { name, kind in LabVariant("\(name), alone") { clab_alone(kind, $0) } }, share: 0.3, into: &result)
    loop.measure(duos.variants(most: 100_000), share: 0.7, into: &result)
    for (name, lost) in duos.lost {
      let kind = String(name.prefix { $0 != "," })
      result.values["lost, " + kind] = lost * 100
    }
    result.require(
      (result["plain, two lanes"]?.batches ?? 0) >= 30,
      "the two threads hardly ever had a core each at the same moment",
      for: "a")
    return result
  }

  static let locks = Experiment(
    "locks", .sharing, title: "Locks: what it costs to take one, alone and against another",
    short: "a mutex costs about 25 ns",
    claims: [
      LabClaim(
        "a", from: .course(.latencies, ostep: .locks), "locking and unlocking a mutex takes about 25 ns",
        .quantity(of: "mutex, alone", within: .about(25))),
      LabClaim(
        "b", from: .course(.performance, ostep: .locks),
        "against another thread it takes longer: twice as long, or more",
        .ratio(of: "mutex, two lanes", to: "mutex, alone", within: .atLeast(2))),
      LabClaim(
        "c", from: .course(.performance, ostep: .locks),
        "a spin lock is cheaper than a mutex where nobody else wants it",
        .ratio(of: "spin lock, alone", to: "mutex, alone", within: .atMost(0.95))),
    ],
    published: [
      LabPublished(
        "mutex, alone", 25, source: "latency numbers that programmers should know",
        address: "https://sylab-srv.cs.fiu.edu/_export/xhtml/resources/latencies")
    ],
    method: [
      "A number is incremented: by an atomic instruction, under a lock of each kind, or under a semaphore that lets one pass.",
      "With two lanes, both are on CPUs of their own at the same moment; batches in which either waited for its core are left "
        + "out, and thirty must remain.",
      "Misleading: a spin lock whose holder lost its core burns a whole slice of whoever wants it.",
    ],
    loop: """
      pthread_mutex_lock(&mutex);
      *number = *number + 1;
      pthread_mutex_unlock(&mutex);
      """
  ) { loop in
    var result = LabMeasurements()
    let places = loop.places(.two)
    result.require(places.isPossible, "two CPUs are needed, and this process may use one", for: "b")
    _ = clab_pin(places.first)
    let kinds: [(String, clab_increment)] = [
      ("atomic", CLAB_ATOMIC), ("mutex", CLAB_MUTEX), ("spin lock", CLAB_SPINLOCK), ("read-write lock", CLAB_RWLOCK),
      ("semaphore", CLAB_SEMAPHORE),
    ]
    // The second threads sleep meanwhile: a process without any takes locks without an atomic instruction.
    let duos = Duos(kinds.map { ("\($0), two lanes", $1, 0) }, places: places)
    loop.measure(
      kinds.map { name, kind in LabVariant("\(name), alone") { clab_alone(kind, $0) } }, share: 0.4, into: &result)
    loop.measure(duos.variants(), share: 0.6, into: &result)
    return result
  }

  static let falseSharing = Experiment(
    "false-sharing", .sharing,
    title: "False sharing: two numbers that have nothing to do with each other, on one cache line",
    short: "neighbors on a cache line slow each other down",
    claims: [
      LabClaim(
        "a", from: .course(.performance, ostep: .multiprocessors),
        "two threads that increment numbers on one cache line are slower than on two: twice as slow, or more",
        .ratio(of: "8 B apart", to: "256 B apart", within: .atLeast(2))),
      LabClaim(
        "b", from: .course(.performance, ostep: .multiprocessors),
        "alone, the distance does not matter: at most a tenth",
        .ratio(of: "alone", to: "256 B apart", within: 0.9...1.1)),
    ],
    published: [
      LabPublished(
        "8 B apart, i7-4790", 40, source: "two threads on an i7-4790",
        address: "https://moderncpp.dev/articles/cache-line-false-sharing"),
      LabPublished(
        "padded, i7-4790", 6.65, source: "the same", address: "https://moderncpp.dev/articles/cache-line-false-sharing"),
      LabPublished(
        "8 B apart, i7-12700H", 12.7, source: "two threads on an i7-12700H",
        address: "https://karampalsingh.com/blog/cache-line-false-sharing"),
      LabPublished(
        "padded, i7-12700H", 3.1, source: "the same", address: "https://karampalsingh.com/blog/cache-line-false-sharing"
      ),
    ],
    method: [
      "Each of two threads on two CPUs increments a number of its own by an atomic instruction. The numbers lie 8 bytes apart, "
        + "on one line, or 256, on two.",
      "Only batches count in which both had their cores all the time; thirty must remain.",
      "Misleading: plain stores are buffered and hide it; some processors fetch lines in pairs, so 64 bytes may not be enough.",
    ],
    loop: "for (long i = 0; i < n; i++) atomic_fetch_add((_Atomic int64_t *)number, 1);"
  ) { loop in
    var result = LabMeasurements()
    let places = loop.places(.two)
    result.require(places)
    _ = clab_pin(places.first)
    let duos = Duos([("8 B apart", CLAB_ATOMIC, 8), ("256 B apart", CLAB_ATOMIC, 256)], places: places)
    loop.measure([LabVariant("alone") { clab_alone(CLAB_ATOMIC, $0) }] + duos.variants(), into: &result)
    return result
  }
}

/// Pairs of threads on two CPUs; they end with the value.
final class Duos {
  private let duos: [(name: String, duo: OpaquePointer)]

  /// - Parameter kinds: names, what is incremented and how far apart both numbers are, in bytes.
  init(_ kinds: [(String, clab_increment, Int)], places: LabLoop.Places) {
    duos = kinds.compactMap { name, kind, distance in
      clab_duo_new(kind, distance, places.first, places.second).map { (name, $0) }
    }
  }

  deinit { for (_, duo) in duos { clab_duo_free(duo) } }

  func variants(most: Int = 1 << 20) -> [LabVariant] {
    duos.map { name, duo in
      LabVariant(name, most: most, clock: .wallOfSeveral, needed: 30) { [self] count in
        withExtendedLifetime(self) { clab_duo_batch(duo, count) }
      }
    }
  }

  /// The share of each one's increments that left no trace.
  var lost: [(name: String, share: Double)] { duos.map { ($0.name, clab_duo_lost($0.duo)) } }
}

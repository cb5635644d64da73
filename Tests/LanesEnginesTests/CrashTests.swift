import Glibc
import LanesCore
import LanesEngines
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// Crashes of a unit under engines that have nothing to contain them in. Each test crashes a process of its own.
@Suite struct CrashTests {
  private static let kinds = EngineKind.allCases.filter { !$0.usesWorkers }.map(\.rawValue)

  @Test(arguments: kinds) func `a crash names its unit, leaves nothing unfinished and stays a crash`(
    _ kind: String
  ) async throws {
    let folder = TemporaryFolder()
    let file = folder.file("unfinished").string
    let result = await #expect(processExitsWith: .signal(SIGSEGV), observing: [\.standardErrorContent]) {
      [kind = kind as String, file = file as String] in
      CrashReports.install()
      CrashReports.advise("; that is all")
      let unfinished = try UnfinishedName(FilePath(file)) { () throws(SystemError) in
        _ = try Descriptor.creatingNew(FilePath(file), permissions: 0o600)
      }
      // The units around it do not crash, and each is told to be over before the next.
      let units = [unit(0, .echo), unit(1, .raise(SIGSEGV)), unit(2, .echo)]
      _ = try run(Contender(kind: EngineKind(rawValue: kind)!).engine(), units)
      withExtendedLifetime(unfinished) {}
    }
    let told = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    let sentence = "lanes: unit 1: working on it crashed the program (signal 11, SIGSEGV); that is all\n"
    #expect(told.contains(sentence), "\(told)")
    #expect(try Tree(folder.path).names == [])
  }

  @Test func `every signal by which code crashes is told, and a trap of Swift says what it has to say`() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      CrashReports.install()
      "a\nb".utf8.withContiguousStorageIfAvailable { CrashReports.begin(UnsafeRawBufferPointer($0)) }
      fatalError("the invariant is broken")
    }
    let told = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(told.contains("the invariant is broken"), "\(told)")
    #expect(told.contains("lanes: a?b: working on it crashed the program (signal "), "\(told)")
  }

  @Test func `a full stack of a thread is told as well`() async throws {
    let result = await #expect(processExitsWith: .signal(SIGSEGV), observing: [\.standardErrorContent]) {
      CrashReports.install()
      try WorkerThread(stackBytes: 1 << 17) {
        "deep".utf8.withContiguousStorageIfAvailable { CrashReports.begin(UnsafeRawBufferPointer($0)) }
        descend(0)
      }.join()
    }
    let told = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(told.contains("lanes: deep: working on it crashed the program (signal 11, SIGSEGV)"), "\(told)")
  }
}

/// Takes stack without end; what it computes keeps the compiler from making a loop of it.
@inline(never) @discardableResult private func descend(_ depth: Int) -> Int {
  withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 1) { room in
    room[depth & 1023] = UInt8(truncatingIfNeeded: depth)
    return descend(depth + 1) + Int(room[(depth + 1) & 1023])
  }
}

// swift-tools-version:6.2
import Glibc
import PackageDescription

/// Every module of ours is built in Swift 6 mode and a warning in it is an error.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]
/// The modules whose objects every unit passes through, several times each. Looking at run time whether two accesses to a property
/// overlap took a seventh of the instructions with which a small file was planned, handed over and settled. Debug builds, which
/// the tests run, do look.
let lean = strict + [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]
/// Tests that compute little themselves compile in two fifths of the time when they are not optimized. Those that make inputs of many
/// megabytes would lose more than that.
let quickly = strict + [.unsafeFlags(["-Onone"], .when(configuration: .release))]
/// The C modules hold thin wrappers and kernels; they are optimized in debug builds too, so that tests stay quick. Only there
/// do they check their callers with `assert`.
let strictC: [CSetting] = [
  .unsafeFlags(["-Wall", "-Wextra", "-Werror", "-O2"]), .define("NDEBUG", .when(configuration: .release)),
]

/// True when one of the folders where linkers look holds a file.
func isInstalled(_ file: String) -> Bool {
  let folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib"]
  return folders.contains { access("\($0)/\(file)", R_OK) == 0 }
}

/// How to link a library: its static archive where the distribution has one, which starts faster and leaves one program to
/// install, and the shared library elsewhere.
func library(_ name: String) -> LinkerSetting {
  .linkedLibrary(isInstalled("lib\(name).a") ? ":lib\(name).a" : name)
}

/// A library that the program does without where it is not there.
struct OptionalLibrary {
  /// Tells its module's C code that it is there.
  let macro: String
  /// Those to link, each before those that it needs itself; an extra one only where there is one, since some versions hold it.
  let names: [String], extras: [String]
  let isThere: Bool

  /// - Parameter header: where compilers look for it. `LANES_WITHOUT` in the environment names libraries, separated by commas, to
  ///   do without all the same.
  init(_ macro: String, header: String, _ names: [String], extras: [String] = []) {
    (self.macro, self.names) = (macro, names)
    self.extras = extras.filter { isInstalled("lib\($0).a") }
    let refused = (Context.environment["LANES_WITHOUT"] ?? "").split(separator: ",").map(String.init)
    isThere =
      !refused.contains(names[0])
      && ["/usr/include", "/usr/local/include"].contains { access("\($0)/\(header)", R_OK) == 0 }
      && names.allSatisfy { isInstalled("lib\($0).a") || isInstalled("lib\($0).so") }
  }

  var cSettings: [CSetting] { isThere ? [.define(macro)] : [] }
  var linkerSettings: [LinkerSetting] { isThere ? (names + extras).map(library) : [] }
}

let aom = OptionalLibrary("LANES_AVIF", header: "aom/aom_encoder.h", ["aom"])
let webp = OptionalLibrary("LANES_WEBP", header: "webp/encode.h", ["webp"], extras: ["sharpyuv"])

/// What unpacks compressed files beside zlib and libdeflate.
let unpackers = [
  OptionalLibrary("LANES_ZSTD", header: "zstd.h", ["zstd"]),
  OptionalLibrary("LANES_XZ", header: "lzma.h", ["lzma"]),
  OptionalLibrary("LANES_BZIP2", header: "bzlib.h", ["bz2"]),
]

/// A macro with what the environment variable of its name says, which `--version` tells. `Scripts/build` sets them;
/// asked for here, they would be kept with the manifest's result and go on telling of an earlier commit.
func told(_ name: String, or unknown: String) -> CSetting {
  .define(name, to: "\"\(Context.environment[name] ?? unknown)\"")
}

let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")

let package = Package(
  name: "lanes",
  products: [.executable(name: "lanes", targets: ["lanes"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
  ],
  targets: [
    .target(name: "CLinux", cSettings: strictC, linkerSettings: [library("uring")]),
    .target(name: "CSIMD", cSettings: strictC),
    .target(name: "CLab", cSettings: strictC),
    .target(name: "CJPEGScaled", dependencies: ["CSIMD"], cSettings: strictC),
    .target(
      name: "CCodecs", dependencies: ["CSIMD", "CJPEGScaled"], cSettings: strictC,
      linkerSettings: [library("png16"), library("jpeg"), library("z"), library("deflate")]),
    .target(
      name: "CWebP", dependencies: ["CCodecs"], cSettings: strictC + webp.cSettings, linkerSettings: webp.linkerSettings
    ),
    .target(name: "CAV1", cSettings: strictC + aom.cSettings, linkerSettings: aom.linkerSettings),
    .target(name: "CKernels", dependencies: ["CSIMD"], cSettings: strictC),
    .target(name: "CPatterns", cSettings: strictC, linkerSettings: [library("pcre2-8")]),
    // It calls zlib too, which CCodecs names: a library named twice keeps its first place, and an archive must come after
    // libpng's, which needs it.
    .target(
      name: "CDigests", dependencies: ["CSIMD"], cSettings: strictC,
      linkerSettings: [library("deflate"), library("crypto")]),
    // As CDigests, it leaves zlib and libdeflate to be named by CCodecs.
    .target(
      name: "CPacked", cSettings: strictC + unpackers.flatMap(\.cSettings),
      linkerSettings: unpackers.flatMap(\.linkerSettings) + [library("deflate")]),
    .target(
      name: "CBuild", cSettings: strictC + [told("LANES_COMMIT", or: "unknown"), told("LANES_LIBURING", or: "")]),
    .target(name: "LanesCore", dependencies: [system], swiftSettings: lean),
    .target(name: "LanesOS", dependencies: ["CLinux", "LanesCore", system], swiftSettings: lean),
    .target(
      name: "LanesImages", dependencies: ["LanesCore", "LanesOS", "CCodecs", "CWebP", "CAV1"], swiftSettings: strict),
    .target(name: "LanesPrimes", dependencies: ["LanesCore", "LanesOS", "CKernels", "CSIMD"], swiftSettings: strict),
    .target(
      name: "LanesFiles",
      dependencies: ["LanesCore", "LanesOS", "CKernels", "CSIMD", "CPatterns", "CDigests", "CPacked", deque],
      swiftSettings: strict),
    .target(name: "LanesEngines", dependencies: ["LanesCore", "LanesOS", deque, system], swiftSettings: lean),
    .target(
      name: "LanesJournal", dependencies: ["LanesCore", "LanesOS", "CDigests", deque, system], swiftSettings: strict),
    .target(
      name: "LanesCluster", dependencies: ["LanesCore", "LanesOS", "LanesJournal", system], swiftSettings: strict),
    .target(name: "LanesReport", dependencies: ["LanesCore"], swiftSettings: strict),
    .target(name: "LanesUsage", swiftSettings: strict),
    .target(
      name: "LanesLab", dependencies: ["LanesCore", "LanesOS", "LanesReport", "LanesEngines", "CLab"],
      swiftSettings: strict),
    .executableTarget(
      name: "lanes",
      dependencies: [
        "LanesCore", "LanesOS", "LanesImages", "LanesPrimes", "LanesFiles", "LanesEngines", "LanesJournal",
        "LanesCluster", "LanesReport", "LanesUsage", "LanesLab", "CBuild", arguments, system,
      ],
      swiftSettings: strict),
    .target(
      name: "LanesTesting", dependencies: ["LanesCore", "LanesOS", "LanesUsage", system], path: "Tests/LanesTesting",
      swiftSettings: strict),
    .executableTarget(
      name: "lanes-test-worker", dependencies: ["LanesEngines", "LanesFiles", "LanesCore", "LanesOS", "LanesTesting"],
      path: "Tests/lanes-test-worker",
      swiftSettings: strict, linkerSettings: [library("z")]),
    .testTarget(
      name: "LanesEnginesTests", dependencies: ["LanesEngines", "LanesTesting", "lanes-test-worker", system],
      swiftSettings: quickly),
    .testTarget(name: "LanesCoreTests", dependencies: ["LanesCore", system], swiftSettings: strict),
    .testTarget(
      name: "LanesOSTests", dependencies: ["LanesOS", "LanesCore", "LanesTesting", system],
      swiftSettings: quickly),
    .testTarget(
      name: "LanesImagesTests", dependencies: ["LanesImages", "LanesCore", "LanesOS", "LanesTesting", "CSIMD", system],
      swiftSettings: strict),
    .testTarget(
      name: "LanesPrimesTests", dependencies: ["LanesPrimes", "LanesCore", "LanesOS", "LanesTesting", "CSIMD"],
      swiftSettings: strict),
    .testTarget(
      name: "LanesFilesTests",
      dependencies: [
        "LanesFiles", "LanesEngines", "LanesCore", "LanesOS", "LanesTesting", "CKernels", "CSIMD", "lanes-test-worker",
        system,
      ],
      swiftSettings: quickly),
    .testTarget(
      name: "LanesProgramTests",
      dependencies: [
        "lanes", "LanesCluster", "LanesPrimes", "LanesJournal", "LanesCore", "LanesOS", "LanesTesting", "LanesUsage",
        system,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "LanesJournalTests",
      dependencies: [
        "LanesJournal", "LanesEngines", "LanesCore", "LanesOS", "LanesTesting", system,
      ],
      swiftSettings: quickly),
    .testTarget(
      name: "LanesClusterTests",
      dependencies: [
        "LanesCluster", "LanesJournal", "LanesEngines", "LanesFiles", "LanesImages", "LanesPrimes", "LanesCore",
        "LanesOS", "LanesTesting", system,
      ],
      swiftSettings: quickly),
    .testTarget(name: "LanesReportTests", dependencies: ["LanesReport", "LanesCore"], swiftSettings: strict),
    .testTarget(name: "LanesUsageTests", dependencies: ["LanesUsage"], swiftSettings: quickly),
    .testTarget(
      name: "LanesLabTests", dependencies: ["LanesLab", "LanesReport", "LanesCore", "LanesOS", system],
      swiftSettings: quickly),
  ]
)

// `make fuzz` builds one more program, which has its main function from the fuzzer's library.
if Context.environment["LANES_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "lanes-fuzz", dependencies: ["LanesImages", "LanesCore", "LanesOS"], path: "Fuzz/lanes-fuzz",
      swiftSettings: strict, linkerSettings: [.unsafeFlags(["-use-ld=lld"])]))
}

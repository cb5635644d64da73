/// What people write who know another tool, and what `lanes` calls it.
enum Habits {
  /// Options of other tools, and the sentence that helps.
  struct Habit {
    /// The words that a command's path must begin with; empty for all commands.
    let path: [String]
    let names: [String]
    let advice: String
  }

  /// Advice for an option that the command at `path` does not have; nil for unheard-of ones. The longest path wins.
  static func advice(on option: String, at path: [String]) -> String? {
    // A family's habit gives way to that of its command.
    options.filter { path.starts(with: $0.path) && $0.names.contains(option) }
      .max { $0.path.count < $1.path.count }?.advice
  }

  /// The command that does what another program does.
  static func command(like word: String) -> String? { commands[word] }

  /// Programs that people name by what they would type elsewhere. Those that do something else than the name suggests
  /// are left out: nearest names would be better advice.
  private static let commands = [
    "wc": "files count", "grep": "files search", "rg": "files search", "sha256sum": "files hash",
    "checksum": "files hash", "mogrify": "images convert", "resize": "images convert",
    "thumbnail": "images convert", "identify": "images info", "exif": "images info", "sieve": "primes",
    "bench": "compare", "benchmark": "compare",
  ]

  private static let convert = ["images", "convert"]
  private static let search = ["files", "search"]

  /// Only options that no command has, or that mean something else there. Sources: the manual pages of ImageMagick,
  /// libvips, GNU coreutils and grep, primesieve and hyperfine. Advice is a clause that follows a colon.
  private static let options: [Habit] = [
    Habit(
      path: [],
      names: [
        "--threads", "--thread", "--workers", "--worker", "--jobs", "--job", "--procs", "--nproc", "--parallel",
        "--parallelism", "--concurrency", "--lanes", "--cpus", "-t", "-P", "-T", "-J",
      ], advice: "write --cores N, or -j N"),
    Habit(
      path: [], names: ["--shard"], advice: "it stands before the command, as in lanes --shard 0/8 primes 1e12 > part0"),
    Habit(path: [], names: ["--engine", "--backend", "--strategy"], advice: "write --mode ENGINE"),
    Habit(path: [], names: ["--channel", "--transport"], advice: "write --ipc pipe, --ipc socket or --ipc shm"),
    Habit(
      path: [], names: ["--time", "--timing", "--profile", "--verbose", "-V"],
      advice: "write --stats for what the run cost"),
    Habit(path: [], names: ["--silent", "-s"], advice: "write --quiet"),
    Habit(path: [], names: ["--no-progress"], advice: "write --progress never"),
    Habit(path: [], names: ["--colour", "--color", "--nocolour"], advice: "write --no-color to have none"),
    Habit(path: [], names: ["--max-memory", "--mem", "--ram"], advice: "write --memory SIZE"),

    Habit(path: convert, names: ["--width", "-w"], advice: "write --resize 800x for a width of 800 pixels"),
    Habit(path: convert, names: ["--height"], advice: "write --resize x600 for a height of 600 pixels"),
    Habit(
      path: convert, names: ["--size", "--scale", "--thumbnail", "--geometry", "-s"],
      advice: "write --resize WxH, Wx, xH or P%"),
    Habit(path: convert, names: ["-Q"], advice: "write --quality N"),
    Habit(
      path: convert, names: ["--format", "--type", "--output-format", "-f"], advice: "write --to jpeg or --to png"),
    Habit(
      path: convert, names: ["--out", "--outdir", "--out-dir", "--output-dir", "--dest", "--destination", "-d"],
      advice: "write -o DEST"),
    Habit(path: convert, names: ["--force", "--replace", "-y"], advice: "write --overwrite"),
    Habit(
      path: convert, names: ["--strip"], advice: "write --metadata none, or --metadata icc to keep the color profile"),
    Habit(
      path: convert, names: ["--srgb", "--export-profile", "--colorspace", "--color-space", "--icc"],
      advice: "write --profile srgb"),
    Habit(
      path: convert, names: ["--auto-orient", "--autorotate"],
      advice: "images are turned upright unless --no-auto-orient is given; leave it out"),
    Habit(path: convert, names: ["--interlace"], advice: "write --progressive"),
    Habit(path: convert, names: ["--gray", "--grey", "--greyscale", "--monochrome"], advice: "write --grayscale"),
    Habit(path: convert, names: ["--compression", "--compression-level", "-z"], advice: "write --png-level N"),
    Habit(path: convert, names: ["--sampling-factor", "--chroma"], advice: "write --subsampling 444, 422 or 420"),
    Habit(path: ["images"], names: ["--recursive", "-r", "-R"], advice: "directories are walked anyway; leave it out"),

    Habit(path: ["primes"], names: ["--print", "-p", "-l"], advice: "write --list"),
    Habit(path: ["primes"], names: ["--nth-prime", "-n"], advice: "write --nth N"),
    Habit(path: ["primes"], names: ["-c"], advice: "a count is what is printed anyway; leave it out, or write --count"),
    Habit(
      path: ["primes"], names: ["--from", "--start", "--to", "--stop", "--limit", "--max", "--range"],
      advice: "write the bounds alone: lanes primes START STOP"),

    Habit(path: ["files"], names: ["-R", "--dereference-recursive"], advice: "write -r"),
    Habit(path: ["files", "hash"], names: ["-c"], advice: "write --check"),
    Habit(
      path: ["files", "hash"], names: ["--sha256", "--crc32", "--xxh3"],
      advice: "write --algorithm sha256, crc32 or xxh3"),
    Habit(path: ["files", "top"], names: ["-n", "--number", "--limit"], advice: "write -k N"),
    Habit(path: ["files", "stats"], names: ["-f", "--field", "--fields", "-c", "-k"], advice: "write --column N"),
    Habit(path: ["files", "stats"], names: ["-t", "--separator", "--sep", "-F", "-s"], advice: "write --delimiter C"),
    Habit(path: ["files", "stats"], names: ["--group", "--group-by", "--key"], advice: "write --by N"),
    Habit(
      path: search, names: ["-t", "--type", "--type-not"],
      advice: "there are no types of files; write --include '*.c', or --cores N for the number of lanes"),
    Habit(
      path: search, names: ["-g", "--glob", "--iglob"],
      advice: "write --include GLOB, or --exclude GLOB for what -g '!GLOB' leaves out"),
    Habit(
      path: search, names: ["-u", "-uu", "-uuu", "--unrestricted", "--hidden", "-.", "--no-ignore"],
      advice: "hidden and ignored files are searched anyway; leave it out"),
    Habit(
      path: search, names: ["--sort", "--sortr", "--sort-files"],
      advice: "files come in byte order anyway; leave it out"),
    Habit(
      path: search, names: ["--passthru", "--passthrough"],
      advice: "write -e '' beside the pattern: each line is then printed, and --color marks what matches"),
    Habit(path: search, names: ["-U", "--multiline"], advice: "a match lies within one line here"),
    Habit(path: search, names: ["--null-data"], advice: "lines end with a newline here"),
    Habit(
      path: search, names: ["-G", "--basic-regexp"],
      advice: "write -E, whose groups and repetitions have no backslashes"),
    Habit(
      path: search, names: ["--colors", "--colour"],
      advice: "write --color WHEN, and set the colors in GREP_COLORS as for grep"),
    Habit(path: search, names: ["--exclude-from"], advice: "write --exclude GLOB once for each line of it"),
    Habit(
      path: search, names: ["-N", "--no-line-number", "--no-heading", "--heading"],
      advice: "lines bear numbers with -n alone, and names as grep has them; leave it out"),
    Habit(path: search, names: ["-T", "--initial-tab"], advice: "no tab is put ahead of lines"),
    Habit(
      path: search, names: ["--max-filesize", "--max-depth"], advice: "leave files out with --exclude or --exclude-dir"),

    Habit(path: ["compare"], names: ["--runs", "--repeat", "--iterations", "-r", "-n"], advice: "write --rounds N"),
    Habit(path: ["compare"], names: ["-w"], advice: "write --warmup N"),
    Habit(path: ["compare"], names: ["--engines", "--mode"], advice: "write --modes LIST"),
    Habit(path: ["compare"], names: ["--export-json"], advice: "write --json"),
    Habit(path: ["compare"], names: ["--export-markdown"], advice: "write --markdown"),
    Habit(path: ["compare"], names: ["--html"], advice: "write --report FILE.html"),
  ]
}

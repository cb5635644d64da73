import ArgumentParser
import LanesCore
import LanesImages
import LanesOS
import LanesReport
import SystemPackage

/// `lanes images`: work on pictures.
struct ImagesCommand: ParsableCommand, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "images",
    abstract: "Convert, examine and compare \(Codecs.standard.names(joinedBy: "and")) images.",
    usage: "lanes images COMMAND [OPTION]...",
    subcommands: [ImagesConvertCommand.self, ImagesInfoCommand.self, ImagesCompareCommand.self])

  static let statuses = ExitStatus.familyPage
}

/// `lanes images convert`: a directory of images in, a mirrored directory out.
struct ImagesConvertCommand: ParsableCommand, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Convert and resize images: files, whole directories, or a list of names.",
    usage: "lanes images convert [OPTION]... INPUT... -o DEST",
    discussion: """
      A directory is walked and its tree mirrored below DEST. Every result appears under its name only when it is \
      complete. Nothing is written when two inputs would give one output, when an output is an input, or when an \
      output exists (see --overwrite, --skip-existing and --newer-only). lanes images convert - -o - converts one image in a pipeline.

      DEST is left out of a directory that is walked, so that a second run does not convert results.

      An image is oriented, cropped, turned, resized and made gray, in this order. A JPEG that is only turned, cropped \
      between its blocks or stripped of metadata stays as it is in every pixel (lossless); an image that nothing changes is \
      checked and copied. --quality and --subsampling encode anew.

      EXAMPLES
        lanes images convert photos -o small --resize 1600x1600 --to jpeg
        lanes images convert a.png -o a.jpg --quality 90
        lanes images convert photos -o web --sizes 1600,800,400 --to jpeg
        lanes images convert photos -o web --sizes 1600,800 --to jpeg,png --manifest web.json
        lanes images convert photos -o mail --resize 2000 --to jpeg --max-bytes 300k
        find . -name '*.png' -print0 | lanes convert --files-from - -0 -o out/
        lanes images convert - -o - --to jpeg < a.png > a.jpg
      """)

  static let statuses = ExitStatus.page(
    "Every image has its result, or was skipped as asked.", "Finished; some images failed and have no result.")

  @Argument(
    help: ArgumentHelp("Images, directories, or - for standard input.", valueName: "INPUT"), completion: .file())
  var inputs: [String] = []

  @OptionGroup(title: "Input and output")
  var files: FileArguments

  @OptionGroup(title: "Shape, in this order")
  var geometry: GeometryArguments

  @OptionGroup(title: "Image options")
  var image: ImageArguments

  @OptionGroup(title: "Engine options")
  var engine: EngineArguments

  /// True where results are files and what is printed only tells of them, so that they are made whoever reads that.
  var writesFiles: Bool { files.output != "-" && !files.dryRun }

  func run() throws {
    let printer = ResultPrinter()
    let console = ProgressReporter(engine, resultsOnScreen: engine.json)
    let outcomes = ConvertOutcomes(printer: printer, console: console, json: engine.json, quiet: engine.quiet)
    // Ahead of all work, so that one that cannot be made costs none.
    outcomes.manifest = try makeManifest()
    // Opened once: what was read from a pipe cannot be read again.
    let arrivals = Division.isMerging ? nil : try files.arrivingNames()
    // Where parts are put together, a list need not be there any more.
    let names = Division.isMerging ? inputs.map(RawArguments.path) : try makeInputs(besides: arrivals)
    // One image through a pipeline has a plan of its own, without names to check.
    let isPiped = names == [FilePath("-")] || files.output == "-"
    let request = makeRequest(names)
    // Here and not in `validate`: names may come from a list, which is read only when the command runs.
    if isPiped { try files.validateForPipeline(several: geometry.sizes != nil || !image.to.several.isEmpty) }
    let workload = makeWorkload(request, isPiped: isPiped)
    // A comparison from a cold cache makes the plan twice; what is skipped is told once.
    let planning: (PlanContext) throws -> any UnitPlan = { context in
      guard !isPiped else {
        return try PipelinePlan(names, files, image.to.one, options: workload.options, earlier: context.earlier)
      }
      var request = request
      request.earlier = context.earlier
      let plan = try ConvertPlan(request, options: workload.options, arrivals: arrivals) { input, output in
        outcomes.skip(input, output)
        context.noteFound(output)
      }
      // A run file tells which results were there before, so that `lanes verify` does not take them for strangers.
      for file in plan.skippedFiles { context.noteFound(file.output) }
      if let manifest = files.manifest { context.noteFound(RawArguments.path(manifest)) }
      Division.keep(ConvertOutcomes.note) { outcomes.wire(of: plan) }
      return outcomes.knowing(plan)
    }
    do {
      if files.dryRun, engine.journal != nil || engine.resume != nil {
        throw ValidationError("--dry-run does nothing that a run file could tell of: leave out one of them")
      }
      if files.dryRun { return try printPlan(request, isPiped: isPiped, printer) }
      // A folder that several results go to is locked for the run; single files need no lock.
      let job = BatchRun(
        workload: workload, planning: planning, fold: outcomes, listener: outcomes,
        destination: isPiped || !request.makesSeveral ? nil : request.destination)
      if let known = Division.note(ConvertOutcomes.note) { outcomes.know(known, request.destination) }
      let record = try job.run(engine, console)
      // Only now is it known that the list was empty.
      if arrivals != nil, outcomes.isIdle(record) {
        throw ExitStatus.usage.failing("the list \(files.from!) holds no names")
      }
      if record.ending == .complete { try outcomes.manifest?.finish() }
      // A pipeline is as silent as a filter.
      if !engine.quiet, !isPiped { console.say(outcomes.summary(record)) }
      record.printStatistics(engine, to: printer)
      printer.flush()
      if let status = ExitStatus.of(record) { throw status }
    } catch let refusal as PlanRefusal {
      throw ExitStatus.of(refusal)
    }
  }

  /// Refuses words that do not go together; names of files are judged when the plan is made.
  func validate() throws {
    try validateQuiet()
    try validateSeveral()
    if files.preview != nil, files.manifest == nil, !engine.json {
      throw ValidationError("--preview needs --manifest or --json, which it is told in")
    }
    if image.bytes.ifLarger == .skip, files.output == "-" {
      throw ValidationError("--if-larger skip would leave standard output empty: write to a file, or use copy")
    }
  }

  /// Refuses more results than a unit can have, and names that some of them would share.
  private func validateSeveral() throws {
    let (sizes, formats) = (geometry.sizes?.names.count ?? 1, image.to.formats.count)
    guard sizes * formats <= ConvertOptions.mostResults else {
      throw ValidationError(
        "\(sizes) sizes in \(formats) formats are \(sizes * formats) results of each image; \(ConvertOptions.mostResults) are the most"
      )
    }
    guard let name = files.name else { return }
    if sizes > 1, !name.tellsSizes {
      throw ValidationError("--name needs {size}, since --sizes gives every image several results")
    }
    if formats > 1, !name.tellsFormats {
      throw ValidationError("--name needs {ext}, since --to gives every image several results")
    }
  }

  /// Refuses `-q 80`, by which people who know other tools mean the quality.
  ///
  /// --quiet takes no value, so that 80 became an input. A file of that name is taken as one.
  private func validateQuiet() throws {
    let number = inputs.first { Int($0).map((1...100).contains) == true && (try? FileStatus(of: FilePath($0))) == nil }
    guard engine.quiet, let number else { return }
    throw ValidationError(
      "-q means --quiet, and there is no file '\(number)': for JPEG quality write --quality \(number)")
  }

  /// The format comes from --to or from a suffix, which for a pipeline is that of its one output.
  private func makeWorkload(_ request: ConvertRequest, isPiped: Bool) -> ConvertWorkload {
    var options = image.options(
      format: isPiped ? PipelinePlan.format(image.to.one, of: files.output) : request.writtenFormat)
    geometry.apply(to: &options)
    options.preview = files.preview
    return ConvertWorkload(options)
  }

  /// The file of --manifest. A run that goes on with another one, or leaves results alone, replaces what that has told.
  private func makeManifest() throws -> Manifest? {
    guard let name = files.manifest, !files.dryRun else { return nil }
    return try Manifest(
      name, replaces: files.existing != .refuse || engine.resume != nil, destination: RawArguments.path(files.output))
  }

  /// Names from the command line and from the list; none of the list where they are still to arrive.
  private func makeInputs(besides arrivals: NameStream?) throws -> [FilePath] {
    let inputs = inputs.map(RawArguments.path)
    guard arrivals == nil else { return inputs }
    guard let filesFrom = files.from else {
      guard !inputs.isEmpty else {
        throw ValidationError("no INPUT: name images, directories, or a list with --files-from")
      }
      return inputs
    }
    let all = inputs + (try files.listedNames(budget: engine.options.memory))
    guard !all.isEmpty else { throw ExitStatus.usage.failing("the list \(filesFrom) holds no names") }
    return all
  }

  /// What the plan is asked for. A slash at the end of DEST is looked for in the word, since paths drop it.
  private func makeRequest(_ names: [FilePath]) -> ConvertRequest {
    var request = ConvertRequest(
      inputs: names, destination: RawArguments.path(files.output), destinationIsDirectory: files.output.hasSuffix("/"),
      format: image.to.one, existing: files.existing, name: files.name, sizes: geometry.sizes?.names ?? [])
    request.formats = image.to.several
    request.readsList = files.from != nil
    request.keepsTimes = files.keepTimes
    return request
  }

  /// Prints a line for each result, from the plan that a run makes, and with the same refusals.
  private func printPlan(_ request: ConvertRequest, isPiped: Bool, _ printer: ResultPrinter) throws {
    guard !isPiped else { throw ValidationError("--dry-run has nothing to plan for - ") }
    for line in try ConvertPlan(request).lines { printer.line(line.text) }
    printer.flush()
  }
}

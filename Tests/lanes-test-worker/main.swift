import LanesEngines
import LanesFiles
import LanesTesting

// What the tests start as a worker process: the first argument is "worker", or "forge" with what is to be sent instead of an
// answer and a file whose existence makes it a good worker; the last is the number of the parent.
let arguments = CommandLine.arguments
if arguments.count == 5, arguments[1] == "forge" {
  try Forger(arguments[2])?.run(unlessExists: arguments[3])
}
try Worker.serve(parent: Int32(arguments.last!)!, workloads: [ScriptedWorkload.self, HashWorkload.self])

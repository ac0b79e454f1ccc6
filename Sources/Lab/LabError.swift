/// Why the lab could not run or could not go on. What is merely not as expected is a row of the table instead.
package enum LabError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A program that the lab starts is not installed.
    case missingProgram(name: String, package: String)
    /// The program that VPN servers hand certificates over with is not beside this one.
    case missingHelper(path: String)
    /// The lab makes network namespaces, which needs root.
    case needsRoot
    /// Another lab's process is alive.
    case alreadyRunning(owner: Int32)
    /// An earlier run was told to stay, or namespaces with the lab's names were made by somebody else.
    case leftStanding(reason: String)
    /// No pack of rule files where one was expected.
    case noRulePack(path: String)
    /// A command ended badly.
    case commandFailed(command: String, status: Int32, output: String)
    /// A condition did not come about in time; `log` is the end of the log that should tell why.
    case timedOut(waitingFor: String, log: String)
    /// The daemon's command line answered something else than the JSON it documents.
    case unreadableAnswer(command: String, answer: String)
    /// The operating system refused something.
    case system(operation: String, errno: Int32)

    package var description: String {
        switch self {
        case .missingProgram(let name, let package):
            "the program '\(name)' is missing; on Debian: apt-get install \(package)"
        case .missingHelper(let path):
            "the helper '\(path)' is missing; in a clone: swift build --product gatehouse-hand-over"
        case .needsRoot: "the lab makes network namespaces: run it as root"
        case .alreadyRunning(let owner): "a lab is already running, as process \(owner)"
        case .leftStanding(let reason): "\(reason); 'gatehouse lab --clean' removes it"
        case .noRulePack(let path): "no policy.yaml in '\(path)' nor in '\(path)/default'"
        case .commandFailed(let command, let status, let output):
            "'\(command)' ended with status \(status): \(output)"
        case .timedOut(let condition, let log):
            "gave up waiting for \(condition)" + (log.isEmpty ? "" : "\n--- end of the log ---\n\(log)")
        case .unreadableAnswer(let command, let answer): "'\(command)' answered: \(answer)"
        case .system(let operation, let errno): "\(operation): error \(errno)"
        }
    }
}

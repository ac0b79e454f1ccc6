import Foundation

/// A short program that is run to its end.
///
/// Runs on a thread of its own: waiting for a process must not hold one of the few threads of the concurrency pool.
package struct Command: Sendable {
    package struct Output: Sendable, Equatable {
        package var status: Int32
        package var standardOutput: String
        package var standardError: String

        package init(status: Int32, standardOutput: String, standardError: String) {
            self.status = status
            self.standardOutput = standardOutput
            self.standardError = standardError
        }
    }

    /// The status that `timeout` gives a command that it ended.
    package static let timedOutStatus: Int32 = 124

    package let arguments: [String]
    private var input = ""
    private var seconds = 10

    package init(_ arguments: [String]) { self.arguments = arguments }

    /// The same command inside a namespace.
    package init(in space: Network.Space, _ arguments: [String]) {
        self.init(["ip", "netns", "exec", space.name] + arguments)
    }

    package func input(_ text: String) -> Self {
        var copy = self
        copy.input = text
        return copy
    }

    package func bounded(seconds: Int) -> Self {
        var copy = self
        copy.seconds = seconds
        return copy
    }

    package var text: String { arguments.joined(separator: " ") }

    /// Runs, and gives back whatever the status.
    package func output() async throws -> Output {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try self.runHere() }) }
        }
    }

    /// Runs, and throws `LabError.commandFailed` unless the status is 0.
    @discardableResult
    package func succeed() async throws -> String {
        let output = try await output()
        guard output.status == 0 else {
            let said = output.standardError.isEmpty ? output.standardOutput : output.standardError
            throw LabError.commandFailed(
                command: text, status: output.status,
                output: said.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        return output.standardOutput
    }

    private func runHere() throws -> Output {
        let input = try ScratchFile(holding: input)
        let output = try ScratchFile()
        let errors = try ScratchFile()
        let process = try Spawn(
            ["timeout", "--kill-after=1", String(seconds)] + arguments, input: input.descriptor,
            output: output.descriptor, errors: errors.descriptor)
        let status = process.wait()
        return Output(status: status, standardOutput: try output.text(), standardError: try errors.text())
    }
}

/// What every child process finds around it.
package enum Surroundings {
    /// The caller's environment, with the folders of system programs on the path and messages in English.
    package static var environment: [String: String] {
        var values = ProcessInfo.processInfo.environment
        values["PATH"] =
            (values["PATH"].map { $0 + ":" } ?? "") + "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"
        values["LC_ALL"] = "C"
        for name in ["http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
            values[name] = nil
        }
        return values
    }
}

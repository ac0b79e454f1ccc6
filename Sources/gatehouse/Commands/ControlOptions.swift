import ArgumentParser
import Control
import ControlAPI
import Foundation

/// How every command that asks the daemon finds it, and how it prints.
struct ControlOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The daemon's control socket.", valueName: "socket"))
    var control = "/run/gatehouse/control.sock"

    @Option(
        name: .long, help: ArgumentHelp("How long to wait for the daemon's answer.", valueName: "seconds"))
    var patience = 30

    @Flag(name: .long, help: "Print one JSON document.")
    var json = false

    /// Asks the daemon; prints its refusal and ends with 1, or with 2 when it cannot be asked.
    func ask<Arguments: Codable, Answer: Codable>(
        _ operation: TypedOperation<Arguments, Answer>, _ arguments: Arguments
    ) async throws -> Answer {
        do {
            return try await put(operation, arguments)
        } catch let failure as ControlFailure {
            Terminal.complain(failure.message)
            throw ExitCode(1)
        }
    }

    /// As `ask`, for those who know what to do about a refusal: it is thrown as a `ControlFailure`.
    func put<Arguments: Codable, Answer: Codable>(
        _ operation: TypedOperation<Arguments, Answer>, _ arguments: Arguments
    ) async throws -> Answer {
        do throws(ControlClientError) {
            return try await ControlClient(path: control, timeout: .seconds(patience)).call(
                operation, arguments)
        } catch {
            if case .refused(let failure) = error { throw failure }
            Terminal.complain("\(error)")
            throw ExitCode(2)
        }
    }

    /// Prints the answer as JSON, or lets `text` print it for people.
    func show<Answer: Encodable>(_ answer: Answer, text: (Answer) -> Void) throws {
        guard json else { return text(answer) }
        try Terminal.printJSON(answer)
    }
}

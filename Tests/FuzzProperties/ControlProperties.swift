import Control
import Foundation

/// What holds for requests over the control socket, and for replies.
enum ControlProperties {
    static func violation(in input: [UInt8]) -> String? {
        requestViolation(Data(input)) ?? replyViolation(Data(input))
    }

    private static func requestViolation(_ line: Data) -> String? {
        let request: ControlRequest
        do throws(ControlFailure) {
            request = try ControlRequest(line: line)
        } catch {
            return ["bad-request", "version"].contains(error.id) ? nil : "refused with \(error)"
        }
        do throws(ControlFailure) {
            let arguments = try request.arguments(as: [String: Instance].self)
            // What was understood is understood again when it is said again.
            let again = try ControlRequest(command: request.command, arguments: arguments)
            let read = try ControlRequest(line: again.encoded.dropLast())
            guard read.command == request.command else { return "another command" }
            guard try read.arguments(as: [String: Instance].self) == arguments else {
                return "other arguments"
            }
            guard again.encoded.count(where: { $0 == 0x0a }) == 1 else { return "a request of several lines" }
        } catch {
            return error.id == "bad-arguments" ? nil : "refused with \(error)"
        }
        return nil
    }

    private static func replyViolation(_ line: Data) -> String? {
        guard let reply = ControlReply(line: line) else { return nil }
        do throws(ControlFailure) {
            _ = try reply.result(as: [String: Instance].self)
            return reply.failure == nil ? nil : "a failure with a result"
        } catch {
            return reply.failure == nil && error.id != "bad-result" ? "refused with \(error)" : nil
        }
    }
}

extension Instance: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let items): try container.encode(items)
        case .object(let members): try container.encode(members)
        }
    }
}

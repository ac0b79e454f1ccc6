import Control
import ControlAPI
import Foundation

/// What holds for requests over the control socket, and for replies.
enum ControlProperties {
    static func violation(in input: [UInt8]) -> String? {
        requestViolation(input) ?? queryViolation(input) ?? replyViolation(Data(input))
    }

    private struct Wish: Codable, Hashable {
        struct Part: Codable, Hashable {
            var kind: String
            var fields: [String: [String]]
        }

        var name: String
        var count: Int?
        var isTrial: Bool?
        var parts: [Part]?
    }

    private static let wish = TypedOperation<Wish, Wish>("wish", .post, "/v1/wish", .viewer, "").row
    private static let question = TypedOperation<Flat, Flat>("ask", .get, "/v1/ask", .viewer, "").row
    private static let router = Router([wish, question])

    private struct Flat: Codable, Hashable {
        var name: String
        var count: Int?
        var isTrial: Bool?
    }

    private static func requestViolation(_ body: [UInt8]) -> String? {
        // Our reader takes nothing that is no JSON, and reads what it wrote.
        if let value = try? JSON(reading: body) {
            guard let again = try? JSON(reading: Array(value.text().utf8)), again == value else {
                return "another value when it is read again"
            }
            if (try? JSONDecoder().decode(Instance.self, from: Data(body))) == nil {
                return "taken, and no JSON to others"
            }
        }
        do throws(ControlFailure) {
            let request = try ControlRequest(wish, body: Data(body))
            // What the schema allows the type can decode: document, check and decoder are one.
            let arguments = try request.arguments(as: Wish.self)
            let again = try ControlRequest(wish, arguments: arguments)
            guard try again.arguments(as: Wish.self) == arguments else { return "other arguments" }
        } catch {
            guard error.id == "bad-arguments" else { return "refused with \(error)" }
            if (try? ControlRequest(wish, body: Data(body))) != nil { return "allowed, and not decoded" }
        }
        return nil
    }

    private static func queryViolation(_ input: [UInt8]) -> String? {
        guard let query = String(validating: input, as: UTF8.self) else { return nil }
        let head = Router.Head(method: "GET", target: "/v1/ask?" + query)
        do throws(Router.Refusal) {
            guard case .asked(_, let arguments) = try router.admit(head, as: .viewer, limit: 1) else {
                return "no question"
            }
            guard let request = try? ControlRequest(question, arguments: arguments),
                let flat = try? request.arguments(as: Flat.self)
            else { return nil }
            guard let said = QueryText.query(of: arguments),
                case .asked(_, let again) = try router.admit(
                    Router.Head(method: "GET", target: "/v1/ask?" + said), as: .viewer, limit: 1),
                let read = try? ControlRequest(question, arguments: again),
                (try? read.arguments(as: Flat.self)) == flat
            else {
                // What is longer when it is encoded may be too long.
                return input.count > Router.targetBytes / 4 ? nil : "other arguments when they are said again"
            }
        } catch {
            return ["bad-arguments", "too-long", "unknown-path"].contains(error.failure.id)
                ? nil : "refused with \(error)"
        }
        return nil
    }

    private static func replyViolation(_ body: Data) -> String? {
        for status in [200, 404] {
            guard let reply = ControlReply(status: status, body: body) else { continue }
            do throws(ControlFailure) {
                _ = try reply.result(as: [String: Instance].self)
                if reply.failure != nil { return "a failure with a result" }
            } catch {
                if reply.failure == nil && error.id != "bad-result" { return "refused with \(error)" }
            }
        }
        return nil
    }
}

internal import HTTPTypes
internal import PostureReports
internal import Sessions

/// The words of answers: JSON, with texts from outside escaped and bounded.
enum PostureAnswers {
    /// One report of a body that does not count.
    struct Refused: Sendable {
        /// Its number in the body, from 0.
        var number: Int
        var device: String?
        var rejection: PostureRejection
    }

    static func error(
        _ status: HTTPResponse.Status, _ message: String, headers: HTTPFields = [:]
    ) -> PortalAnswer {
        PortalAnswer(status, json: "{\"error\":\(json(message))}\n", headers: headers)
    }

    /// 400, with every reason.
    static func wrong(_ problems: ReportProblems) -> PortalAnswer {
        let reasons = problems.problems.map { json($0.description) }.joined(separator: ",")
        let more = problems.furtherCount > 0 ? ",\"further\":\(problems.furtherCount)" : ""
        let text =
            "{\"error\":\"the body is no posture report that can be taken\",\"reasons\":[\(reasons)]\(more)}\n"
        return PortalAnswer(.badRequest, json: text)
    }

    /// 200 when every report counts, else the status of the gravest refusal. What was taken is taken either way, and is
    /// on disk.
    static func taken(_ count: Int, refused: [Refused]) -> PortalAnswer {
        guard !refused.isEmpty else { return PortalAnswer(.ok, json: "{\"taken\":\(count)}\n") }
        let status = refused.map(\.rejection.status).max { $0.weight < $1.weight } ?? .conflict
        let text = "{\"taken\":\(count),\"refused\":[\(list(refused))]}\n"
        return PortalAnswer(
            status, json: text, headers: status == .serviceUnavailable ? [.retryAfter: "30"] : [:])
    }

    /// What osquery's TLS logger waits for. It sends everything again, the new behind the old, until it is told that all
    /// is well: a report that will never count must not stop those after it, so it is named beside a 200.
    static func osquery(_ taken: PortalAnswer, refused: [Refused], problems: ReportProblems?) -> PortalAnswer
    {
        if refused.contains(where: { $0.rejection.status == .serviceUnavailable }) { return taken }
        let reasons = problems?.problems.map { json($0.description) }.joined(separator: ",") ?? ""
        let parts =
            ["\"node_invalid\":false"]
            + (refused.isEmpty ? [] : ["\"refused\":[\(list(refused))]"])
            + (reasons.isEmpty ? [] : ["\"reasons\":[\(reasons)]"])
        return PortalAnswer(.ok, json: "{\(parts.joined(separator: ","))}\n")
    }

    private static func list(_ refused: [Refused]) -> String {
        // A body of 10,000 reports that are all refused is answered with some of them.
        refused.prefix(100).map { one in
            let device = one.device.map { ",\"device\":\(json(PlainText.shown($0)))" } ?? ""
            return "{\"report\":\(one.number)\(device),\"reason\":\(json(one.rejection.description))}"
        }.joined(separator: ",")
    }

    static func json(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            default:
                if PlainText.isControl(scalar) {
                    let digits = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}

extension PostureRejection {
    var status: HTTPResponse.Status {
        switch self {
        case .unknownDevice: .forbidden
        case .refused: .conflict
        case .notNow: .serviceUnavailable
        }
    }
}

extension HTTPResponse.Status {
    /// Of several statuses for one body the sender is told the one that it can do most about: try again, then ask the
    /// administrator, then look at its clock.
    fileprivate var weight: Int { self == .serviceUnavailable ? 2 : self == .forbidden ? 1 : 0 }
}

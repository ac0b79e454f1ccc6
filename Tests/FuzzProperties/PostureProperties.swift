import Evidence
import Foundation
import PostureReports
import Sessions

/// What holds for posture reports whatever a device sends: this gateway's own format, and osquery's.
enum PostureProperties {
    static func violation(in input: [UInt8]) -> String? {
        var limits = ReportLimits()
        limits.reports = 50
        limits.problems = 5
        return ownViolation(input, limits) ?? osqueryViolation(input, limits)
    }

    private static func ownViolation(_ input: [UInt8], _ limits: ReportLimits) -> String? {
        let reports: [ReadReport]
        do throws(ReportProblems) {
            reports = try ReportReader.read(input, limits: limits)
        } catch {
            return violation(of: error, input, limits)
        }
        guard !reports.isEmpty, reports.count <= limits.reports else { return "\(reports.count) reports" }
        // Foundation is the laxer reader: what is JSON here is JSON there.
        guard (try? JSONSerialization.jsonObject(with: Data(input), options: .fragmentsAllowed)) != nil else {
            return "a report that Foundation calls no JSON"
        }
        for report in reports {
            if let violation = violation(of: report) { return violation }
            guard let text = text(of: report) else { continue }
            guard (try? ReportReader.read(Array(text.utf8))) == [report] else {
                return "otherwise when it is written and read again: \(text)"
            }
        }
        return nil
    }

    private static func osqueryViolation(_ input: [UInt8], _ limits: ReportLimits) -> String? {
        let body: OsqueryBody
        do throws(ReportProblems) {
            body = try OsqueryReader.read(input, limits: limits)
        } catch {
            return violation(of: error, input, limits)
        }
        if body.reports.contains(where: { $0.device == nil }) { return "a report about no host" }
        if Set(body.reports.map(\.device)).count != body.reports.count { return "two reports about one host" }
        if let problems = body.problems, let violation = violation(of: problems, input, limits) {
            return violation
        }
        return body.reports.lazy.compactMap(violation).first
    }

    private static func violation(of problems: ReportProblems, _ input: [UInt8], _ limits: ReportLimits)
        -> String?
    {
        if problems.problems.isEmpty { return "refused for no reason" }
        if problems.problems.count > limits.problems { return "\(problems.problems.count) problems" }
        if problems.furtherCount < 0 { return "fewer problems than none" }
        for problem in problems.problems {
            if !(0...input.count).contains(problem.offset) { return "a problem at byte \(problem.offset)" }
            if let violation = CertificateProperties.unshowable("\(problem)") { return violation }
        }
        return nil
    }

    private static func violation(of report: ReadReport) -> String? {
        if let device = report.device, !PlainText.isName(device) {
            return "a device with a name that is none"
        }
        if let minutes = report.posture.screenLockMinutes?.value, !(0...10_080).contains(minutes) {
            return "a screen that locks after \(minutes) minutes"
        }
        // What a report says counts once, and for the same facts nothing changes.
        let now = Instant(secondsSince1970: 1_795_255_200)
        guard let taken = try? DevicePosture().taking(report.posture, at: now) else { return nil }
        guard (try? taken.taking(report.posture, at: now)) == taken else {
            return "a report is not taken twice"
        }
        return nil
    }

    /// The report as a device would send it; nil where a time has parts of a second, which texts leave out.
    private static func text(of report: ReadReport) -> String? {
        var parts = ["\"version\":1"]
        if let device = report.device {
            guard let name = try? JSONEncoder().encode(device) else { return nil }
            parts.append("\"device\":" + String(decoding: name, as: UTF8.self))
        }
        let posture = report.posture
        let times =
            [posture.antivirus, posture.patches].compactMap(\.self).flatMap { [$0.value, $0.observedAt] }
            + [
                posture.diskEncryption?.observedAt, posture.screenLockMinutes?.observedAt,
                posture.firewall?.observedAt,
            ]
            .compactMap(\.self)
        guard times.allSatisfy({ $0 == Instant(secondsSince1970: $0.secondsSince1970) }) else { return nil }
        // The years that a text can have.
        let years = Instant(secondsSince1970: -9_214_560_000)...Instant(secondsSince1970: 9_214_646_400)
        guard times.allSatisfy(years.contains) else { return nil }
        if let item = posture.antivirus {
            parts.append(
                #""antivirus":{"signatures-at":"\#(item.value)","observed-at":"\#(item.observedAt)"}"#)
        }
        if let item = posture.patches {
            parts.append(#""patches":{"installed-at":"\#(item.value)","observed-at":"\#(item.observedAt)"}"#)
        }
        if let item = posture.diskEncryption {
            parts.append(#""disk-encryption":{"on":\#(item.value),"observed-at":"\#(item.observedAt)"}"#)
        }
        if let item = posture.screenLockMinutes {
            parts.append(#""screen-lock":{"minutes":\#(item.value),"observed-at":"\#(item.observedAt)"}"#)
        }
        if let item = posture.firewall {
            parts.append(#""firewall":{"on":\#(item.value),"observed-at":"\#(item.observedAt)"}"#)
        }
        return "{" + parts.joined(separator: ",") + "}"
    }
}

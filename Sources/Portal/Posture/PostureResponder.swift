internal import Evidence
internal import HTTPTypes
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import PostureReports
internal import Sessions
internal import Synchronization

/// Answers requests that bring posture reports.
///
/// A request is believed, counted and measured by its head; only then is its body read. Neither bodies nor keys are ever
/// logged, and of what is wrong with a body only how much.
struct PostureResponder: Sendable {
    /// Whoever is believed, and in what right.
    enum Caller: Sendable {
        case device(RegisteredDevice, CertificateDigest)
        case key(APIKey)

        var name: String {
            switch self {
            case .device(let device, _): "device \(device.id)"
            case .key(let key): "key \(key.name)"
            }
        }
    }

    struct Limits: Sendable {
        var report = ReportLimits()
        /// Of one device: agents report every few minutes, osquery every few seconds.
        var deviceRate = (perSecond: 2.0, burst: 120)
        /// Of one key: bodies of many reports each.
        var keyRate = (perSecond: 200.0, burst: 1000)
        /// Requests of one address that nobody is believed by.
        var strangerRate = (perSecond: 1.0, burst: 30)
        /// Bytes of bodies in memory, over all connections.
        var bodies = 64 << 20
    }

    private enum RateKey: Hashable {
        case certificate(CertificateDigest)
        case key(String)
        case stranger(PeerAddress)
    }

    private struct Rates {
        var devices: RateLimiter<RateKey>
        var keys: RateLimiter<RateKey>
        var strangers: RateLimiter<RateKey>
    }

    private enum Format: String {
        case own = "/posture/v1/reports"
        case osquery = "/posture/v1/osquery"
    }

    private final class Shared: Sendable {
        let rates: Mutex<Rates>
        let budget: ByteBudget
        let started = ContinuousClock.now

        init(_ limits: Limits) {
            let (device, key, stranger) = (limits.deviceRate, limits.keyRate, limits.strangerRate)
            rates = Mutex(
                Rates(
                    devices: RateLimiter(perSecond: device.perSecond, burst: device.burst),
                    keys: RateLimiter(perSecond: key.perSecond, burst: key.burst),
                    strangers: RateLimiter(perSecond: stranger.perSecond, burst: stranger.burst)))
            budget = ByteBudget(limits.bodies)
        }
    }

    private let sink: any PostureSink
    private let ring: APIKeyRing
    private let limits: Limits
    private let now: @Sendable () -> Instant
    private let log: Logger
    private let shared: Shared

    init(
        sink: any PostureSink, keys: [APIKey], limits: Limits, now: @escaping @Sendable () -> Instant,
        log: Logger
    ) {
        self.sink = sink
        ring = APIKeyRing(keys)
        self.limits = limits
        self.now = now
        self.log = log
        shared = Shared(limits)
    }

    func admit(_ request: Request, _ visitor: Visitor) async -> PortalChannel.Admission {
        guard let format = Format(rawValue: request.uri.path) else {
            return .refused(
                PostureAnswers.error(.notFound, "there is nothing here; reports go to \(Format.own.rawValue)")
            )
        }
        guard request.method == .post else {
            return .refused(
                PostureAnswers.error(.methodNotAllowed, "reports are posted", headers: [.allow: "POST"]))
        }
        let caller: Caller
        switch await identify(request, visitor) {
        case .success(let found): caller = found
        case .failure(let refusal): return .refused(refusal.answer)
        }
        if let objection = objection(to: request) { return .refused(objection) }
        return .admitted { await answer(request, caller, format) }
    }

    // MARK: - Who it is

    private struct Refusal: Error {
        var answer: PortalAnswer

        init(_ status: HTTPResponse.Status, _ message: String, headers: HTTPFields = [:]) {
            answer = PostureAnswers.error(status, message, headers: headers)
        }
    }

    private func identify(_ request: Request, _ visitor: Visitor) async -> Result<Caller, Refusal> {
        // A key that is no good is not made good by a certificate: who shows one means it.
        if let field = request.headers[.authorization] {
            guard let key = bearer(field).flatMap(ring.key) else {
                return .failure(stranger(visitor, "the key is not known"))
            }
            if let wait = wait(\.keys, .key(key.name)) { return .failure(tooMany(wait)) }
            return .success(.key(key))
        }
        guard let shown = visitor.certificate else {
            return .failure(stranger(visitor, "neither a device certificate nor a key"))
        }
        guard let certificate = shown else {
            return .failure(Refusal(.forbidden, "the certificate cannot be read"))
        }
        if let wait = wait(\.devices, .certificate(certificate.digest)) { return .failure(tooMany(wait)) }
        if let objection = certificate.objection(at: now()) {
            return .failure(Refusal(.forbidden, objection))
        }
        guard let device = await sink.devices([.certificate(certificate.digest)]).first ?? nil else {
            log.info(
                "posture: certificate not on the register", metadata: ["digest": "\(certificate.digest)"])
            return .failure(Refusal(.forbidden, "the certificate is not on the register"))
        }
        return .success(.device(device, certificate.digest))
    }

    private func bearer(_ field: String) -> Substring.UTF8View? {
        let parts = field.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer", parts[1].utf8.count <= 512 else {
            return nil
        }
        return parts[1].utf8
    }

    private func stranger(_ visitor: Visitor, _ message: String) -> Refusal {
        if let wait = wait(\.strangers, .stranger(visitor.address)) { return tooMany(wait) }
        return Refusal(.unauthorized, message, headers: [.wwwAuthenticate: "Bearer"])
    }

    private func tooMany(_ nanoseconds: Int64) -> Refusal {
        let seconds = nanoseconds / 1_000_000_000 + 1
        return Refusal(.tooManyRequests, "too many requests", headers: [.retryAfter: "\(seconds)"])
    }

    private func wait(_ path: WritableKeyPath<Rates, RateLimiter<RateKey>>, _ key: RateKey) -> Int64? {
        let now = (ContinuousClock.now - shared.started).nanoseconds
        return shared.rates.withLock { $0[keyPath: path].wait(key, at: now) }
    }

    // MARK: - What it brings

    /// What is wrong with a request's head. The content type is asked for because a browser that has the device's
    /// certificate posts plain text for any web page that asks it to, and JSON for none.
    private func objection(to request: Request) -> PortalAnswer? {
        let type = request.headers[.contentType].map { $0.prefix { $0 != ";" && $0 != " " }.lowercased() }
        guard let type, ["application/json", "application/x-ndjson"].contains(type) else {
            return PostureAnswers.error(.unsupportedMediaType, "expected content-type: application/json")
        }
        if let encoding = request.headers[.contentEncoding], encoding.lowercased() != "identity" {
            return PostureAnswers.error(.unsupportedMediaType, "bodies are taken uncompressed only")
        }
        if let length = request.headers[.contentLength].flatMap({ Int($0) }),
            length > limits.report.json.bytes
        {
            return tooLarge
        }
        return nil
    }

    private var tooLarge: PortalAnswer {
        PostureAnswers.error(.contentTooLarge, "more than \(limits.report.json.bytes) bytes in one body")
    }

    private func answer(_ request: Request, _ caller: Caller, _ format: Format) async -> PortalAnswer {
        var held = 0
        defer { shared.budget.giveBack(held) }
        var bytes: [UInt8] = []
        var refusal: PortalAnswer?
        var leftToIgnore = PortalChannel.lingering
        do {
            for try await chunk in request.body {
                let count = chunk.readableBytes
                if refusal != nil {
                    leftToIgnore -= count
                    if leftToIgnore < 0 { break }
                } else if bytes.count + count > limits.report.json.bytes {
                    refusal = tooLarge
                } else if !shared.budget.take(count) {
                    refusal = PostureAnswers.error(.serviceUnavailable, "busy", headers: [.retryAfter: "5"])
                } else {
                    held += count
                    bytes += chunk.readableBytesView
                }
            }
        } catch {
            return PostureAnswers.error(.badRequest, "the body did not arrive").closing()
        }
        if let refusal { return refusal.closing() }
        let answer: PortalAnswer
        do {
            switch format {
            case .own: answer = try await own(bytes, caller)
            case .osquery: answer = try await osquery(bytes, caller)
            }
        } catch let problems as ReportProblems {
            note(caller, .badRequest, ["reasons": "\(problems.problems.count + problems.furtherCount)"])
            return PostureAnswers.wrong(problems)
        } catch let refusal as Refusal {
            note(caller, refusal.answer.head.status)
            return refusal.answer
        } catch {
            return PostureAnswers.error(.internalServerError, "this cannot happen")
        }
        note(caller, answer.head.status)
        return answer
    }

    private func own(_ bytes: [UInt8], _ caller: Caller) async throws -> PortalAnswer {
        let reports = try ReportReader.read(bytes, limits: limits.report)
        let outcome = await take(try await bind(reports, caller), reports)
        return PostureAnswers.taken(outcome.taken, refused: outcome.refused)
    }

    private func osquery(_ bytes: [UInt8], _ caller: Caller) async throws -> PortalAnswer {
        let body = try OsqueryReader.read(bytes, limits: limits.report)
        if body.form == .lines, let problems = body.problems { throw problems }
        let outcome = await take(try await bind(body.reports, caller), body.reports)
        let answer = PostureAnswers.taken(outcome.taken, refused: outcome.refused)
        guard body.form == .logger else { return answer }
        if !outcome.refused.isEmpty || body.problems != nil {
            note(
                caller, .ok,
                ["refused": "\(outcome.refused.count)", "reasons": "\(body.problems?.problems.count ?? 0)"])
        }
        return PostureAnswers.osquery(answer, refused: outcome.refused, problems: body.problems)
    }

    /// Says whose each report is; throws when one is of a device that the caller cannot speak for. Nothing of such a body
    /// is taken.
    private func bind(_ reports: [ReadReport], _ caller: Caller) async throws -> [PostureReport] {
        switch caller {
        case .device(let device, let digest):
            for case let claimed? in reports.map(\.device) where !device.isCalled(claimed) {
                let name = PlainText.shown(claimed)
                throw Refusal(
                    .forbidden, "the certificate is \(device.id)'s, which cannot speak for '\(name)'")
            }
            return reports.map {
                PostureReport(subject: .certificate(digest), reporter: device.id, posture: $0.posture)
            }
        case .key(let key):
            let nameless = reports.indices.filter { reports[$0].device == nil }
            if !nameless.isEmpty {
                throw ReportProblems(
                    problems: nameless.prefix(limits.report.problems).map {
                        ReportProblem(
                            path: "[\($0)].device", offset: 0,
                            expected: "expected the name of the device: a key has none")
                    }, furtherCount: max(0, nameless.count - limits.report.problems))
            }
            try await check(reports.compactMap(\.device), key)
            return reports.map {
                PostureReport(subject: .device($0.device ?? ""), reporter: key.name, posture: $0.posture)
            }
        }
    }

    private func check(_ names: [String], _ key: APIKey) async throws(Refusal) {
        if let devices = key.devices, let other = names.first(where: { !devices.contains($0) }) {
            throw Refusal(.forbidden, "the key \(key.name) cannot speak for '\(PlainText.shown(other))'")
        }
        guard let kinds = key.kinds else { return }
        for (name, device) in zip(names, await sink.devices(names.map { .device($0) })) {
            // A device that nobody knows is of no kind; that it is unknown is said, so that it can be put right.
            guard let device else {
                throw Refusal(.forbidden, "'\(PlainText.shown(name))': the device is not on the register")
            }
            guard kinds.contains(device.kind) else {
                throw Refusal(
                    .forbidden,
                    "the key \(key.name) cannot speak for '\(device.id)', a \(device.kind.rawValue)")
            }
        }
    }

    private func take(
        _ bound: [PostureReport], _ read: [ReadReport]
    ) async -> (taken: Int, refused: [PostureAnswers.Refused]) {
        guard !bound.isEmpty else { return (0, []) }
        var refused: [PostureAnswers.Refused] = []
        let results = await sink.take(bound)
        for number in bound.indices {
            // A sink that answers too little has not taken the rest.
            let result = number < results.count ? results[number] : .failure(.notNow("not taken"))
            if case .failure(let rejection) = result {
                refused.append(
                    PostureAnswers.Refused(number: number, device: read[number].device, rejection: rejection))
            }
        }
        return (bound.count - refused.count, refused)
    }

    private func note(_ caller: Caller, _ status: HTTPResponse.Status, _ more: Logger.Metadata = [:]) {
        let isGood = status == .ok && more.isEmpty
        var metadata = more
        metadata["status"] = "\(status.code)"
        log.log(level: isGood ? .debug : .info, "posture: \(caller.name)", metadata: metadata)
    }
}

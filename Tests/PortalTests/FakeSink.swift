import Evidence
import Sessions
import Synchronization

@testable import Portal

/// A register and a store in memory, which judge reports as the daemon's do.
final class FakeSink: PostureSink {
    private struct State {
        var byCertificate: [CertificateDigest: RegisteredDevice] = [:]
        var byName: [String: RegisteredDevice] = [:]
        var postures: [String: DevicePosture] = [:]
        var taken: [PostureReport] = []
        var trouble: String?
    }

    private let state = Mutex(State())
    private let now: Instant

    init(now: Instant) { self.now = now }

    func register(_ device: RegisteredDevice, _ certificate: CertificateDigest? = nil) {
        state.withLock { state in
            state.byName[device.id] = device
            if let certificate { state.byCertificate[certificate] = device }
        }
    }

    /// From now on nothing can be kept.
    func fail(_ reason: String?) { state.withLock { $0.trouble = reason } }

    var taken: [PostureReport] { state.withLock { $0.taken } }

    func posture(_ device: String) -> DevicePosture? { state.withLock { $0.postures[device] } }

    func devices(_ subjects: [PostureReport.Subject]) async -> [RegisteredDevice?] {
        state.withLock { state in subjects.map { Self.find($0, state) } }
    }

    func take(_ reports: [PostureReport]) async -> [Result<PostureReceipt, PostureRejection>] {
        state.withLock { state in
            reports.map { report in
                if let trouble = state.trouble { return .failure(.notNow(trouble)) }
                guard let device = Self.find(report.subject, state) else { return .failure(.unknownDevice) }
                do throws(PostureRefusal) {
                    let known = state.postures[device.id] ?? DevicePosture()
                    state.postures[device.id] = try known.taking(report.posture, at: now)
                } catch {
                    return .failure(.refused(error))
                }
                state.taken.append(report)
                return .success(PostureReceipt(device: device.id))
            }
        }
    }

    private static func find(_ subject: PostureReport.Subject, _ state: State) -> RegisteredDevice? {
        switch subject {
        case .certificate(let digest): state.byCertificate[digest]
        case .device(let name): state.byName[name]
        }
    }
}

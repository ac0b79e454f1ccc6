import Enforcement
import Evidence
import Portal

/// Hands posture reports from the network to the reconciler, which keeps the register, the disk and the sessions.
struct PostureIntake: PostureSink {
    let enforcer: Enforcer

    func devices(_ subjects: [PostureReport.Subject]) async -> [RegisteredDevice?] {
        let devices = await enforcer.registers.devices
        return subjects.map { subject in
            let record: DeviceRecord? =
                switch subject {
                case .certificate(let digest): devices[digest]
                case .device(let id): devices[id: id]
                }
            return record.map { record in
                RegisteredDevice(
                    id: record.id, kind: record.kind, otherNames: [record.serial].compactMap(\.self))
            }
        }
    }

    func take(_ reports: [PostureReport]) async -> [Result<Portal.PostureReceipt, Portal.PostureRejection>] {
        await enforcer.take(reports).map { answer in
            answer.map { Portal.PostureReceipt(device: $0.device) }.mapError { rejection in
                switch rejection {
                case .unknownDevice: .unknownDevice
                case .refused(let refusal): .refused(refusal)
                // Why the disk refused is for the log, which has it.
                case .notRecorded: .notNow("the gateway cannot keep it now")
                }
            }
        }
    }
}

import Control
import ControlAPI
import Enforcement
import RulesetCompiler
import Sessions

extension ControlHandlers {
    /// Whether the kernel does what was decided, and what others did to it of late.
    func inspectKernel() async throws -> ControlMessages.KernelState {
        let drifts = await enforcer.drifts.map { drift in
            ControlMessages.DriftSummary(
                at: drift.change.heardAt.description, what: drift.change.description,
                author: drift.change.author?.name, process: drift.change.author?.process,
                undoneAfterMicroseconds: drift.undoneAt.map { undone in
                    Int64(max(.zero, undone - drift.change.heardAt) / .microseconds(1))
                })
        }
        do throws(CommitFailure) {
            let found = try await enforcer.inspectKernel()
            return ControlMessages.KernelState(
                isRight: found.isRight, elements: found.elements, missing: Self.names(found.missing),
                unexpected: Self.names(found.unexpected), differing: Self.names(found.differing),
                fault: await enforcer.kernelFault?.description, drifts: drifts,
                driftCount: await enforcer.driftCount)
        } catch {
            throw ControlFailure(id: "kernel", message: "\(error)")
        }
    }

    private static func names(_ keys: [SessionKey]) -> [String] {
        keys.map { "\($0.address) on interface \($0.interfaceIndex)" }.sorted().prefix(shownKeys).map(\.self)
    }

    private static let shownKeys = 100
}

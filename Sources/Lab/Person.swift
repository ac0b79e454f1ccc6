/// Somebody who logs in.
package enum Person: String, Sendable, Hashable, CaseIterable {
    case alice, carol, dora, erin
    case bob, mallory

    package var isStaff: Bool {
        switch self {
        case .alice, .carol, .dora, .erin: true
        case .bob, .mallory: false
        }
    }
}

/// Somebody who logs in.
package enum Person: String, Sendable, Hashable, CaseIterable {
    case alice, carol, dora, erin
    /// Of whom other things are known from one moment to the next.
    case lena
    /// Whose are the laptops of the fleet.
    case fay
    /// Whose certificates say more than their names.
    case nora, omar, petra
    case bob, mallory

    package var isStaff: Bool {
        switch self {
        case .alice, .carol, .dora, .erin: true
        case .lena, .fay, .nora, .omar, .petra, .bob, .mallory: false
        }
    }

    /// The groups that the register has the person in; none for those who are on no register.
    package var groups: [String] {
        switch self {
        case .alice, .carol, .dora: ["staff"]
        case .erin: ["staff", Rung.group]
        case .lena: [LabClasses.assessed]
        case .fay: [LabClasses.fleet]
        case .nora, .omar: [LabClasses.certified]
        case .petra: [LabClasses.outposts]
        case .bob, .mallory: []
        }
    }
}

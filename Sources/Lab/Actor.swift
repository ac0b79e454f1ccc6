/// Who does something in the demonstration: a person, at a device, with or without a one-time code.
package enum Actor: String, Sendable, Hashable, CaseIterable {
    case employeeWithoutCode = "employee-without-code"
    case employee
    case colleague
    case unregistered
    case vendor
    case impostor
    case thief
    /// Of whom and whose laptop evidence comes and goes.
    case assessed
    /// Who differ in what their certificates say, or in who says it.
    case housing, parks, depot, lookalike
    case fleet1, fleet2, fleet3, fleet4, fleet5, fleet6, fleet7, fleet8

    package static let fleet: [Actor] =
        [.fleet1, .fleet2, .fleet3, .fleet4, .fleet5, .fleet6, .fleet7, .fleet8]

    package var title: String {
        switch self {
        case .employeeWithoutCode: "employee, no code"
        case .employee: "employee"
        case .colleague: "colleague"
        case .unregistered: "unregistered laptop"
        case .vendor: "vendor"
        case .impostor: "vendor with employee's name"
        case .thief: "stolen laptop"
        case .assessed: "assessed laptop"
        case .housing: "laptop of Housing"
        case .parks: "laptop of Parks"
        case .depot: "laptop of a depot"
        case .lookalike: "look-alike's laptop"
        default: rawValue
        }
    }

    package var space: Network.Space {
        switch self {
        case .employeeWithoutCode, .employee: .employee
        case .colleague, .unregistered: .colleague
        case .vendor: .vendor
        case .impostor: .impostor
        case .thief: .stolen
        case .assessed: .assessed
        case .housing: .housing
        case .parks: .parks
        case .depot: .depot
        case .lookalike: .lookalike
        case .fleet1: .fleet1
        case .fleet2: .fleet2
        case .fleet3: .fleet3
        case .fleet4: .fleet4
        case .fleet5: .fleet5
        case .fleet6: .fleet6
        case .fleet7: .fleet7
        case .fleet8: .fleet8
        }
    }

    package var device: Device {
        switch self {
        case .employeeWithoutCode, .employee: .employeeLaptop
        case .colleague: .colleagueLaptop
        case .unregistered: .unregisteredLaptop
        case .vendor: .vendorLaptop
        case .impostor: .impostor
        case .thief: .stolenLaptop
        case .assessed: .assessedLaptop
        case .housing: .housingLaptop
        case .parks: .parksLaptop
        case .depot: .depotLaptop
        case .lookalike: .lookalikeLaptop
        case .fleet1: .fleet1
        case .fleet2: .fleet2
        case .fleet3: .fleet3
        case .fleet4: .fleet4
        case .fleet5: .fleet5
        case .fleet6: .fleet6
        case .fleet7: .fleet7
        case .fleet8: .fleet8
        }
    }

    package var person: Person {
        switch self {
        case .employeeWithoutCode, .employee: .alice
        case .colleague: .dora
        case .unregistered: .erin
        case .vendor: .bob
        case .impostor: .mallory
        case .thief: .carol
        case .assessed: .lena
        case .housing: .nora
        case .parks: .omar
        case .depot, .lookalike: .petra
        case .fleet1, .fleet2, .fleet3, .fleet4, .fleet5, .fleet6, .fleet7, .fleet8: .fay
        }
    }

    /// The classes of the fleet and of the certified ask for none: a code works once, and some of these log in again.
    package var givesCode: Bool {
        switch person {
        case .fay, .nora, .omar, .petra: false
        default: self != .employeeWithoutCode
        }
    }
}

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
        case .fleet1, .fleet2, .fleet3, .fleet4, .fleet5, .fleet6, .fleet7, .fleet8: .fay
        }
    }

    /// The fleet's class asks for none: a code works once, and these log in again and again.
    package var givesCode: Bool { self != .employeeWithoutCode && person != .fay }
}

/// Who does something in the demonstration: a person, at a device, with or without a one-time code.
package enum Actor: String, Sendable, Hashable, CaseIterable {
    case employeeWithoutCode = "employee-without-code"
    case employee
    case colleague
    case unregistered
    case vendor
    case impostor
    case thief

    package var title: String {
        switch self {
        case .employeeWithoutCode: "employee, no code"
        case .employee: "employee"
        case .colleague: "colleague"
        case .unregistered: "unregistered laptop"
        case .vendor: "vendor"
        case .impostor: "vendor with employee's name"
        case .thief: "stolen laptop"
        }
    }

    package var space: Network.Space {
        switch self {
        case .employeeWithoutCode, .employee: .employee
        case .colleague, .unregistered: .colleague
        case .vendor: .vendor
        case .impostor: .impostor
        case .thief: .stolen
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
        }
    }

    package var givesCode: Bool { self != .employeeWithoutCode }
}

import SwiftProtobufPluginLibrary
import WireGenerator

WireCodeGenerator.main()

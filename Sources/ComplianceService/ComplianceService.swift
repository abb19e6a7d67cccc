/// The role that assembles store, handlers and background work.
public enum ComplianceService {}

package porting

// Search attributes of a port, in the SQL visibility's budget of 10 Keyword and 3 of each other type. They are never
// encrypted, so none holds personal data: numbers are keyed tokens.
const (
	AttrDirection      = "PortDirection"
	AttrStage          = "PortStage"
	AttrWaitingOn      = "PortWaitingOn"
	AttrJurisdiction   = "PortJurisdiction"
	AttrCarrier        = "PortCarrier"
	AttrTenant         = "PortTenant"
	AttrRisk           = "PortRisk"
	AttrOrder          = "PortOrder" // the bulk order that a port belongs to
	AttrNumbers        = "PortNumbers"
	AttrDueAt          = "PortDueAt"
	AttrFOCAt          = "PortFocAt"
	AttrNeedsAttention = "PortNeedsAttention"
	AttrNumberCount    = "PortNumberCount"
)

// WorkflowPortIn is the registered name of the port-in saga.
const WorkflowPortIn = "PortIn"

// Package enum asks a registry by ENUM which switch serves a number: the number as a domain name (RFC 6116), under which an
// NAPTR record of the service "pstn" (RFC 4769) says by its parameters (RFC 4694) whether the number was looked up in the
// portability data ("npdi"), where it is routed ("rn") and to which carrier ("cic").
//
//	r := enum.Resolver{Server: "192.0.2.53", Zone: "e164enum.example"}
//	route, err := r.Route(ctx, "+12125550123")
//
// A record that cannot be read, is for another number or asks for another look-up is passed over.
package enum

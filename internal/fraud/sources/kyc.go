package sources

import (
	"context"

	"github.com/portsaga/portsaga/internal/fraud"
)

var kycMatch = operation{"/kyc-match/v0.4/match", "kyc-match:match"}

// kycAnswer is what a network says of each thing that it was asked about: "true", "false" or "not_available".
type kycAnswer struct {
	Name         string `json:"nameMatch"`
	NameScore    *int   `json:"nameMatchScore"`
	Address      string `json:"addressMatch"`
	AddressScore *int   `json:"addressMatchScore"`
	PostalCode   string `json:"postalCodeMatch"`
	Birthdate    string `json:"birthdateMatch"`
	Document     string `json:"idDocumentMatch"`
	Email        string `json:"emailMatch"`
}

// kyc asks whether the order's data are the network's. A network that insists on the identity document answers a wrong one with an
// error, which is an answer all the same.
func (c *CAMARA) kyc(ctx context.Context, s Subject) (fraud.Facts, error) {
	asked := s.Person.asked()
	if len(asked) == 0 { // the number alone is no question
		return nil, missing(fraud.NotAsked, "nothing is known of the subscriber")
	}
	var told kycAnswer
	err := c.post(ctx, s, kycMatch, asked, &told)
	switch {
	case answeredWith(err, "KNOW_YOUR_CUSTOMER.ID_DOCUMENT_MISMATCH"):
		return fraud.KYC{Document: new(false)}, nil
	case answeredWith(err, "KNOW_YOUR_CUSTOMER.ID_DOCUMENT_REQUIRED"):
		return nil, missing(fraud.NotAsked, "the network asks for an identity document first")
	case err != nil:
		return nil, err
	}
	return told.facts()
}

// asked is the person in the words of the API, without what is not known.
func (p Person) asked() map[string]any {
	body := map[string]any{}
	for name, value := range map[string]string{
		"name": p.Name, "address": p.Street, "postalCode": p.PostalCode, "locality": p.City, "region": p.Region, "country": p.Country,
		"birthdate": p.Birthdate, "idDocument": p.Document, "email": p.Email,
	} {
		if value != "" {
			body[name] = value
		}
	}
	return body
}

func (a kycAnswer) facts() (fraud.Facts, error) {
	var f fraud.KYC
	for _, field := range []struct {
		match string
		into  **bool
	}{
		{a.Name, &f.Name},
		{a.Address, &f.Address},
		{a.PostalCode, &f.PostalCode},
		{a.Birthdate, &f.Birthdate},
		{a.Document, &f.Document},
		{a.Email, &f.Email},
	} {
		switch field.match {
		case "true", "false":
			*field.into = new(field.match == "true")
		case "not_available", "": // the network does not know, or was not asked: no match and no mismatch
		default:
			return nil, missing(fraud.Unreadable, "a match is true, false or not_available")
		}
	}
	f.NameScore, f.AddressScore = score(f.Name, a.NameScore), score(f.Address, a.AddressScore)
	return f, nil
}

// score is how like two values are. Networks give it for a mismatch only, and need not give it at all.
func score(match *bool, told *int) *int {
	const same = 100
	switch {
	case match == nil:
		return nil
	case *match:
		return new(same)
	case told == nil || *told < 0 || *told >= same:
		return nil
	default:
		return told
	}
}

package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"mailgrant/handler/simulator/stack"
	"mailgrant/handler/simulator/tenant"
)

// cast is who plays the examples: found in the directory, so that they work with any.
type cast struct {
	tenantID string
	// application has a secret and no access yet; an empty appID means that there is
	// none, or too few mailboxes, and then no grant can be shown.
	appID, secret string
	// mailbox is granted, other is not, and canary proves it.
	mailbox, other, canary string
}

// directory is what is read of the tenant's directory.
type directory struct {
	Tenant struct {
		ID string `json:"id"`
	} `json:"tenant"`
	Service struct {
		AppID string `json:"appId"`
	} `json:"service"`
	Principals []struct {
		AppID    string `json:"appId"`
		ObjectID string `json:"objectId"`
		Secret   string `json:"secret"`
	} `json:"servicePrincipals"`
	Consents    []holder `json:"consents"`
	Assignments []holder `json:"assignments"`
	Mailboxes   []struct {
		Primary string `json:"primary"`
		Type    string `json:"type"`
	} `json:"mailboxes"`
}

type holder struct {
	Workload string `json:"workload"`
}

func choose(text []byte) (cast, error) {
	var found directory
	err := json.Unmarshal(text, &found)
	if err != nil {
		return cast{}, fmt.Errorf("it is not JSON of the right shape: %w", err)
	}
	if !strings.EqualFold(found.Service.AppID, tenant.SampleServiceAppID) {
		return cast{}, fmt.Errorf("service.appId has to be %s, the identity that the handler runs as here", tenant.SampleServiceAppID)
	}
	chosen := cast{tenantID: found.Tenant.ID}
	mailboxes := found.mailboxes()
	if len(mailboxes) < 3 {
		return chosen, nil
	}
	chosen.mailbox, chosen.other, chosen.canary = mailboxes[0], mailboxes[1], mailboxes[2]
	for _, principal := range found.Principals {
		if principal.Secret != "" && !found.holds(principal.AppID) && !found.holds(principal.ObjectID) {
			chosen.appID, chosen.secret = principal.AppID, principal.Secret
			return chosen, nil
		}
	}
	return chosen, nil
}

func (d directory) mailboxes() []string {
	grantable := []string{"UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox"}
	var addresses []string
	for _, mailbox := range d.Mailboxes {
		if slices.Contains(grantable, mailbox.Type) {
			addresses = append(addresses, mailbox.Primary)
		}
	}
	return addresses
}

func (d directory) holds(workload string) bool {
	same := func(one holder) bool { return strings.EqualFold(one.Workload, workload) }
	return slices.ContainsFunc(d.Consents, same) || slices.ContainsFunc(d.Assignments, same)
}

// document is the operator's document that goes with the directory. A directory that
// has no canary gets the stack's own document, and health says what is wrong.
func (c cast) document() string {
	if c.canary == "" {
		return stack.Document
	}
	return fmt.Sprintf("canaries: [%s]\nprotected: [%s]\nmaxDuration: P90D\ngroups: any\nmechanisms: [rbac, accessPolicy, mailboxPermission]\nconsentBy: service\n", c.canary, c.canary)
}

package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mailgrant/scripts/administer"
)

// proof is what came of trying. Refused is why the identity was not let, empty when it was let or when
// nobody could try.
type proof struct{ says, refused string }

// A role that was just given can take minutes to count in Exchange, an app role some to be in tokens.
const (
	triesOfProof  = 10
	pauseOfProof  = 30 * time.Second
	pauseForToken = 2 * time.Minute
)

const notProved = `Not proved: nothing here can act as the identity. The first thing that does is the service itself:
scripts/smoke asks it for a real grant. If that stays stuck as NotReady for lack of a delegating assignment,
run this again with -exchange-administrator. To prove it here, run this where the identity lives, or, for an
application, with its secret in MAILGRANT_IDENTITY_SECRET.`

// prove makes, as the identity, a scope that no mailbox is in and an assignment of an application role
// in it, reads that back, and removes both.
func (b *bootstrap) prove(ctx context.Context, found seen, gave bool) (proof, error) {
	credential, err := administer.SignInAs(b.env, b.options.tenant, found.appID, b.client())
	if err != nil {
		return proof{}, fmt.Errorf("signing in as the identity: %w", err)
	}
	if credential == nil {
		return proof{says: notProved}, nil
	}
	if gave {
		fmt.Fprintf(b.out, "Waiting %s before the identity's first token: one without its app roles would be kept for a day.\n", pauseForToken)
		err = b.wait(ctx, pauseForToken)
		if err != nil {
			return proof{}, err
		}
	}
	fmt.Fprintf(b.out, "Proving it as the identity: a scope without any mailbox, and an assignment in it. Up to %s.\n", triesOfProof*pauseOfProof)
	for try := 1; ; try++ {
		err = b.tryAs(ctx, found)
		var refusal *administer.Refusal
		switch {
		case err == nil:
			return proof{says: "Proved: the identity made a scope and an assignment, and removed both."}, nil
		case !errors.As(err, &refusal):
			return proof{}, err
		case try == triesOfProof:
			return proof{says: "Not proved: " + refusal.Error(), refused: refusal.Error()}, nil
		}
		fmt.Fprintf(b.out, "  refused so far (%s); trying again in %s\n", refusal.Error(), pauseOfProof)
		err = b.wait(ctx, pauseOfProof)
		if err != nil {
			return proof{}, err
		}
	}
}

// tryAs is one try, with a token of its own.
func (b *bootstrap) tryAs(ctx context.Context, found seen) error {
	credential, err := administer.SignInAs(b.env, b.options.tenant, found.appID, b.client())
	if err != nil {
		return fmt.Errorf("signing in as the identity: %w", err)
	}
	own, err := administer.New(administer.Options{Tenant: b.options.tenant, Graph: b.options.graph, Exchange: b.options.exchange,
		Credential: credential, Transport: b.roundTripper(), Wait: b.wait})
	if err != nil {
		return err
	}
	token, err := own.Caller(ctx, administer.Exchange)
	if err != nil {
		return err
	}
	if token.ObjectID != b.options.identity {
		return fmt.Errorf("the token is that of %s, not of the identity %s", token.ObjectID, b.options.identity)
	}
	if !slices.Contains(token.Roles, "Exchange.ManageAsApp") {
		return errors.New("the platform keeps a token of the identity that is older than its app roles, for up to a day: run this again tomorrow, or start over with a new identity")
	}
	if len(found.applicationRoles) == 0 {
		return errors.New("the tenant lists no application roles, so there is nothing to assign")
	}
	return makeAndRemove(ctx, own, b.tenant, b.options.identity, found.applicationRoles[0])
}

// makeAndRemove leaves nothing: what the identity did not remove again the administrator does.
func makeAndRemove(ctx context.Context, own, administrator *administer.Tenant, identity, role string) error {
	name, nobody := throwaway()
	err := makeThem(ctx, own, name, map[string]any{"Role": role, "App": identity}, "Guid -eq '"+nobody+"'")
	if err == nil {
		err = removeThem(ctx, own, name)
	}
	if err == nil {
		return nil
	}
	left := removeThem(ctx, administrator, name)
	if left != nil {
		left = fmt.Errorf("%s may be left in the tenant, remove the role assignment and the management scope of that name by hand: %w", name, left)
	}
	return errors.Join(err, left)
}

// makeThem makes a scope and an assignment in it, both under one name, and reads the second back.
func makeThem(ctx context.Context, as *administer.Tenant, name string, assignment map[string]any, filter string) error {
	_, err := as.Run(ctx, "New-ManagementScope", map[string]any{"Name": name, "RecipientRestrictionFilter": filter})
	if err != nil {
		return err
	}
	assignment["Name"], assignment["CustomResourceScope"] = name, name
	_, err = as.Run(ctx, "New-ManagementRoleAssignment", assignment)
	if err != nil {
		return err
	}
	_, seen, err := as.Find(ctx, "Get-ManagementRoleAssignment", name, "Name")
	if err == nil && !seen {
		err = fmt.Errorf("the assignment %s was made and is not seen", name)
	}
	return err
}

// removeThem removes both; what is absent is as good as removed.
func removeThem(ctx context.Context, as *administer.Tenant, name string) error {
	for _, cmdlet := range []string{"Remove-ManagementRoleAssignment", "Remove-ManagementScope"} {
		_, err := as.Run(ctx, cmdlet, map[string]any{"Identity": name, "Confirm": false})
		if err != nil && !administer.NotFound(err) {
			return err
		}
	}
	return nil
}

// throwaway is a name, and the GUID of no mailbox.
func throwaway() (string, string) {
	var random [16]byte
	// It cannot fail; see the package's documentation.
	_, _ = rand.Read(random[:])
	text := hex.EncodeToString(random[:])
	return "mg-proof-" + text[:12], strings.Join([]string{text[:8], text[8:12], "4" + text[13:16], "8" + text[17:20], text[20:]}, "-")
}

// fallBack gives Exchange Administrator, with the reason written down, and takes the role group back,
// which would be of no use beside it.
func (b *bootstrap) fallBack(ctx context.Context, found seen, why string) error {
	fmt.Fprintf(b.out, "\nThis tenant does not let a role group do it: %s\nInstead: the directory role Exchange Administrator, which can do far more; the role group goes again.\n", why)
	err := b.agreed("Make the identity an Exchange Administrator?")
	if err != nil {
		return fmt.Errorf("%w: what was made is in %s, and -remove takes it back", err, b.options.record)
	}
	b.record.Fallback = why
	_, err = b.do(ctx, []step{administratorStep()})
	if err != nil {
		return err
	}
	group := made{Kind: kindRoleGroup, Name: b.options.group}
	if b.record.has(group) {
		err = b.undo(ctx, group)
		if err == nil {
			err = b.record.drop(group)
		}
		if err != nil {
			return fmt.Errorf("taking the role group back: %w", err)
		}
	}
	fmt.Fprintf(b.out, "The reason is kept in %s. A token that the identity has already lacks the role, for up to a day.\n", b.options.record)
	b.options.administrator = true
	return b.settle(ctx, found, nil, "")
}

func gaveAppRole(steps []step) bool {
	return slices.ContainsFunc(steps, func(each step) bool { return each.Kind == kindAppRole && !each.takes })
}

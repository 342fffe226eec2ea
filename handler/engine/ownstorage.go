package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"mailgrant/handler/store"
)

const (
	ownerPartition = "installation"
	ownerKey       = "owner"
	strangerKey    = "stranger"
	// strangerFor is how long a deployment that came to the wrong tables is spoken of.
	strangerFor = 24 * time.Hour
)

// owner is whose tables these are, or who else came to them.
type owner struct {
	Installation string    `json:"installation"`
	Tenant       string    `json:"tenant"`
	At           time.Time `json:"at"`
}

// errForeignStorage: the tables belong to another installation, or to another tenant.
type errForeignStorage struct{ owned, own owner }

// Error says whose they are.
func (e errForeignStorage) Error() string {
	return fmt.Sprintf("the tables belong to the installation %s of tenant %s since %s; this one is %s of tenant %s and has to have tables of its own",
		e.owned.Installation, e.owned.Tenant, e.owned.At.UTC().Format(time.RFC3339), e.own.Installation, e.own.Tenant)
}

func asForeign(err error, into *errForeignStorage) bool { return errors.As(err, into) }

// OwnStorage makes sure that the tables are this installation's, and takes them when they
// are nobody's. The error's kind is KindStorage when they are another's: a deployment that
// works on those would see grants whose objects its own tenant, or its own mark, does not
// have, take them for removed, and end them. It is KindStorage too when that cannot be
// read.
func (e *Engine) OwnStorage(ctx context.Context) error {
	own := owner{Installation: e.Installation, Tenant: e.Tenant, At: e.Now()}
	document, err := json.Marshal(own)
	if err != nil {
		return fmt.Errorf("writing whose tables these are: %w", err)
	}
	row, err := e.Store.ReadWork(ctx, ownerPartition, ownerKey)
	if store.KindOf(err) == store.KindNotFound {
		err = e.Store.InsertWork(ctx, ownerPartition, store.Row{Key: ownerKey, Document: document})
		if store.KindOf(err) != store.KindExists {
			return storage(err, "")
		}
		row, err = e.Store.ReadWork(ctx, ownerPartition, ownerKey)
	}
	if err != nil {
		return storage(err, "nobody's tables")
	}
	var owned owner
	err = json.Unmarshal(row.Document, &owned)
	if err != nil {
		return fmt.Errorf("reading whose tables these are: %w", err)
	}
	if owned.Installation == own.Installation && owned.Tenant == own.Tenant {
		return nil
	}
	e.noteStranger(ctx, own)
	foreign := errForeignStorage{owned, own}
	return &Error{Kind: KindStorage, Detail: foreign.Error(), Cause: foreign}
}

// noteStranger tells the owner who came. It is for people, so a failure costs nothing else.
func (e *Engine) noteStranger(ctx context.Context, own owner) {
	err := e.keepWork(ctx, ownerPartition, strangerKey, own)
	if err != nil {
		e.Log.WarnContext(ctx, "that this deployment came to another's tables could not be noted", "error", err.Error())
	}
}

// stranger is who else came to the tables lately; empty when nobody did.
func (e *Engine) stranger(ctx context.Context) (owner, error) {
	var last owner
	err := e.readWork(ctx, ownerPartition, strangerKey, &last)
	if err != nil || e.Now().Sub(last.At) > strangerFor {
		return owner{}, err
	}
	return last, nil
}

package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
)

const maxBody = 64 << 10

// Claim is the row of table ids by which a request's id is taken, once and for
// ever. It is idempotency record, intake, the way from an id to its partition,
// and the list of all grants at once.
type Claim struct {
	ID       string
	Source   string
	BodyHash string
	// Body is the request as received, at most 64 KiB; kept compressed. Lists
	// leave it nil.
	Body       []byte
	ReceivedAt time.Time // resolution 100 ns, UTC
	// Trace is what continues the trace of the receipt; "" where there was none. Like
	// the body it is written by InsertClaim alone.
	Trace    string
	Workload string // workload object id; "" until bound
	// Document is UTF-8 text made by others; nil when none was written.
	Document []byte
	State    string
	EndsAt   time.Time // zero when not known
	Schema   int       // layout the row was read in; ignored by writes
	ETag     string
}

// InsertClaim takes the id. KindExists means that it was taken before, by this or
// another body: read the claim and compare BodyHash. KindLost means that the
// answer was lost and the row is not to be seen: it may still appear.
func (s *Store) InsertClaim(ctx context.Context, claim Claim) error {
	encoded, err := encodeClaim(claim)
	if err != nil {
		return invalid("insert claim", claim.ID, err)
	}
	return s.insertEntity(ctx, claimPlace(claim.ID), encoded)
}

// ReadClaim returns the claim with its body, or KindNotFound.
func (s *Store) ReadClaim(ctx context.Context, id string) (Claim, error) {
	err := checkName(id)
	if err != nil {
		return Claim{}, invalid("read claim", id, err)
	}
	found, err := s.readEntity(ctx, claimPlace(id))
	if err != nil {
		return Claim{}, err
	}
	claim, err := decodeClaim(found.data, found.etag)
	if err != nil {
		return Claim{}, invalid("read claim", id, err)
	}
	return claim, nil
}

// UpdateClaim writes Workload, Document, State and EndsAt as far as they are set;
// empty ones keep what the row has. What was claimed (source, body, hash, receipt)
// never changes. With an ETag the row must still bear it (else KindConflict);
// without, the update is unconditional. It returns the row's new ETag, empty with an
// error. KindNotFound when the id is not claimed.
func (s *Store) UpdateClaim(ctx context.Context, claim Claim) (string, error) {
	at := claimPlace(claim.ID)
	encoded, err := encodeClaimUpdate(claim)
	if err != nil {
		return "", invalid("update claim", claim.ID, err)
	}
	written := ""
	etag, send := "*", s.writeRepeatable
	if claim.ETag != "" {
		etag, send = claim.ETag, s.writeOnce
	}
	err = send(ctx, subject{"update", at.String()}, func(ctx context.Context) error {
		answer, err := s.tables.NewClient(at.table).UpdateEntity(ctx, encoded, updateOptions(aztables.UpdateModeMerge, etag))
		written = string(answer.ETag)
		return err
	})
	if err != nil {
		return "", err
	}
	return written, nil
}

func claimPlace(id string) place { return place{tableIDs, id, ""} }

func encodeClaim(claim Claim) (columns, error) {
	err := checkName(claim.ID)
	if err != nil {
		return nil, err
	}
	if len(claim.Body) > maxBody {
		return nil, fmt.Errorf("body of %d bytes, at most %d", len(claim.Body), maxBody)
	}
	compressed, err := compress(claim.Body)
	if err != nil {
		return nil, err
	}
	encoded := newColumns(claim.ID, "")
	encoded.putText("source", claim.Source)
	encoded.putText("bodyHash", claim.BodyHash)
	encoded.putBinary("body", compressed)
	encoded.putTime("receivedAt", claim.ReceivedAt)
	encoded.putText("trace", claim.Trace)
	return encoded, encoded.putBinding(claim)
}

func encodeClaimUpdate(claim Claim) ([]byte, error) {
	err := checkName(claim.ID)
	if err != nil {
		return nil, err
	}
	changes := newColumns(claim.ID, "")
	err = changes.putBinding(claim)
	if err != nil {
		return nil, err
	}
	return changes.encoded()
}

func (c columns) putBinding(claim Claim) error {
	c.putText("workload", claim.Workload)
	c.putText("state", claim.State)
	c.putTime("endsAt", claim.EndsAt)
	return c.putDocument(claim.Document)
}

func decodeClaim(data []byte, etag string) (Claim, error) {
	decoded, err := decodeFields(data)
	if err != nil {
		return Claim{}, err
	}
	claim := Claim{ETag: etag}
	compressed, bodyErr := decoded.binary("body")
	var errs [11]error
	claim.Trace, errs[10] = decoded.text("trace")
	claim.ID, errs[0] = decoded.text(columnPartition)
	claim.Source, errs[1] = decoded.text("source")
	claim.BodyHash, errs[2] = decoded.text("bodyHash")
	claim.ReceivedAt, errs[3] = decoded.time("receivedAt")
	claim.Workload, errs[4] = decoded.text("workload")
	claim.State, errs[5] = decoded.text("state")
	claim.EndsAt, errs[6] = decoded.time("endsAt")
	claim.Document, errs[7] = decoded.document()
	claim.Schema, errs[8] = decoded.number(columnSchema)
	if claim.ETag == "" {
		claim.ETag, errs[9] = decoded.text(columnETag)
	}
	err = errors.Join(append(errs[:], bodyErr)...)
	if err != nil {
		return Claim{}, err
	}
	claim.Body, err = decompress(compressed)
	return claim, err
}

func compress(body []byte) ([]byte, error) {
	var compressed bytes.Buffer
	writer := gzip.NewWriter(&compressed)
	_, err := writer.Write(body)
	if err != nil {
		return nil, fmt.Errorf("compress the body: %w", err)
	}
	err = writer.Close()
	if err != nil {
		return nil, fmt.Errorf("compress the body: %w", err)
	}
	return compressed.Bytes(), nil
}

// decompress reads no more than a body can be, whatever the row holds.
func decompress(compressed []byte) ([]byte, error) {
	if len(compressed) == 0 {
		return nil, nil
	}
	reader, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, fmt.Errorf("decompress the body: %w", err)
	}
	body, err := io.ReadAll(io.LimitReader(reader, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("decompress the body: %w", err)
	}
	if len(body) > maxBody {
		return nil, errors.New("body is longer than a request can be")
	}
	return body, nil
}

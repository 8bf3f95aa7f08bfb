// SPDX-License-Identifier: Apache-2.0

package golden

// Case is a skill folder and the digests that its artifact must have.
type Case struct {
	// Name tells the cases apart; Folder is the folder's name, and the skill's.
	Name, Folder string
	// SourceDateEpoch is the value of SOURCE_DATE_EPOCH; empty where it is unset.
	SourceDateEpoch string
	// Index is the artifact's digest.
	Index string
	// Manifest and Config are those of linux/amd64.
	Manifest, Config string
	// Layer is the digest of the compressed layer.
	Layer string
}

// Cases are all cases, for the platforms linux/amd64 and linux/arm64.
var Cases = []Case{
	{
		Name:     "asset-tree",
		Folder:   "asset-tree",
		Index:    "sha256:25d40a3bb7cbe620a8d41b5c7ffb79b65d01daa6d0c39eb4748c3d78722b2c27",
		Manifest: "sha256:20887524ca66ca84144461b3eaff22fbf359714e4aa5c8ff18742274237abb89",
		Config:   "sha256:3d3f1ecc1f9fecb1dfb95f70f28c9d758cc2679c28d1bc84f6f7776e558d4387",
		Layer:    "sha256:7f7971d6219692617132dbc86bb9a55b7437b33f94217540b55cbd07367783a7",
	},
	{
		Name:     "crlf-lines",
		Folder:   "crlf-lines",
		Index:    "sha256:74228758f0b3ef1c11f1b0bde5d9ca64d740ac011e456aaa09a39d1d425c04ab",
		Manifest: "sha256:35726f28fe711dc048f9765a730c9a3f361fda086c87e39af185450a03d07ce6",
		Config:   "sha256:a471557e0fd84402cf218be8b3f973a6003e3d4ce0b05238d2c3b18fc9eca32e",
		Layer:    "sha256:a8f1dae76d2fb784e324b4e2556c8515af0251110e2bb5c769a320dd64182b0d",
	},
	{
		Name:     "folded-text",
		Folder:   "folded-text",
		Index:    "sha256:75fe07cd245184c06cfad8f6d7eed44308afc21d600fd4e2c726ee27a25c7b84",
		Manifest: "sha256:c26141f5eb8e68f9e1698fde57e1f5bc255aea8674008dcd216cf38eda9ded95",
		Config:   "sha256:3841aed4043feea4f5f9cf93874ae7b9ed1cd6f157b0af02b87c4e16a6610fa7",
		Layer:    "sha256:60b274013f9325838c3a610337b4cf5cb8147f996675c5ea131842dab1fd6259",
	},
	{
		Name:     "minimal",
		Folder:   "minimal",
		Index:    "sha256:a7f3f7568ed85ceb0382933452e48f55276cc52ebf0af31d7fa7ee856a8f6e36",
		Manifest: "sha256:e55eb0b36ba9e24847d948b78dd232360f94f388f123ab31922b6d71481b7c8c",
		Config:   "sha256:330b6c7ca03f0ef7ab00779b8e741eaec8665111fafb9a92dd839ae9d4abd31d",
		Layer:    "sha256:e5e01ab53309f6fbb4c3e7815c44cc0ff20d3d18680c1a7db7be84a79f290d1b",
	},
	{
		Name:     "release-notes",
		Folder:   "release-notes",
		Index:    "sha256:cc6be3f266fd9c1093e24f1a6d3e6a53e3b7af17841267440bb6da8f5e72aa6a",
		Manifest: "sha256:b1ff99bb7e47a5c010b9ecf1d430b5c0903fd744920e6bc253859f436c391732",
		Config:   "sha256:e0d8caac31a4aa2e77f9c89084fccf72aae9504adb9e15b23a152091f905be18",
		Layer:    "sha256:caaef609618cfbaa3d2effa59246d5a5d505f24b2bdb536b82735393cbf41b21",
	},
	{
		Name:     "tool-commas",
		Folder:   "tool-commas",
		Index:    "sha256:0606fcc6846a4bd5d4e9963c6764b3555a962a5290981f46ae2d999e9a4005c3",
		Manifest: "sha256:7010ea1754f4f71b2c7638ba4ba9d01384b570391e21557f2250b68afccf9e84",
		Config:   "sha256:8d6cc5aca0a055503c543c7056dc8cd3728bf7e2a4ed46c48247f753cfc152c3",
		Layer:    "sha256:5b80a1e450da5003e750a152c0e921387332270a24068d9b646eae101e8a1a4c",
	},
	{
		Name:     "tool-list",
		Folder:   "tool-list",
		Index:    "sha256:c108719c67f49b5fb87597212ae8d3c35b12f726501004e38b689875f05a7af9",
		Manifest: "sha256:76400c977ae4e47387c6a28ad66fbd0e9463cea0a977332703e7097ae2b7b685",
		Config:   "sha256:199d611b5d82db0d4dcb73cc2b8674f54c490bea35b41c9f187946a829d8ced0",
		Layer:    "sha256:0eff2d63b53cb8a93277c2be9b6ab5611a4e1b1936f62e4b6cd9ff498a13127e",
	},
	{
		Name:     "wide-names",
		Folder:   "wide-names",
		Index:    "sha256:ad1a4d151f785b362757ea1c2b7b46f88548add39c85d284bf4470ab25497ac5",
		Manifest: "sha256:203d166ee6d5baef3a4e0564404ed772e4c96fbf51b3f550e35f895df1b2ead4",
		Config:   "sha256:28a219b60ab3b60e0676308fd4c97dccc80ebcb275546a72835983ad5f1e413d",
		Layer:    "sha256:2030ff9408b70eb4502cb2821224a44db550e632339aadf01c27cc861cca325f",
	},
	{
		Name:            "release-notes with an epoch",
		Folder:          "release-notes",
		SourceDateEpoch: "1700000000",
		Index:           "sha256:a2f105983ba1a78b4333d9b5a70b0f6ca1395ea47999583833764b74146ebfbc",
		Manifest:        "sha256:be66b9a93ab18bcf5bc4c03c9a4da6006fcca9e0a8dc9181854e44f6d2ebfa10",
		Config:          "sha256:684823fd65c6b396d006c45a0c8774fdbfc52bf8fd057345e364998b338f7b11",
		Layer:           "sha256:f9e32147abf01fbbbf5ffb20344a580609bddcbceb37c54f99bf7db13456b775",
	},
}

"""What the package gives on first use."""

from .consistency import sharpened_consistency as sharpened_consistency
from .consistency import soft_cross_entropy as soft_cross_entropy
from .consistency import squared_consistency as squared_consistency
from .fixmatch import FixMatchTerms as FixMatchTerms
from .fixmatch import fixmatch_terms as fixmatch_terms
from .graph import graph_loss as graph_loss
from .nt_xent import masked_nt_xent_loss as masked_nt_xent_loss
from .nt_xent import nt_xent_loss as nt_xent_loss
from .soft_ssc import soft_ssc_terms as soft_ssc_terms
from .ssc import SSCTerms as SSCTerms
from .ssc import ssc_loss as ssc_loss
from .ssc import ssc_terms as ssc_terms
from .ssc_variants import ssc_variant_terms as ssc_variant_terms
from .supcon import supcon_loss as supcon_loss
from .supervised import supervised_loss as supervised_loss
